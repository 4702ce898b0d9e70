import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeTheme,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess,
} from 'electron'
import { join } from 'node:path'
import { runShell } from './shell.ts'

// This file is bundled to out/main/main.js.
const outFolder = join(import.meta.dirname, '..')
const root = join(outFolder, '..')
const { isPackaged } = app
const electron = {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  nativeTheme,
  protocol,
  safeStorage,
  screen,
  session,
  shell,
  utilityProcess,
}

void runShell(electron, {
  outFolder,
  modelFolder: isPackaged ? join(process.resourcesPath, 'models') : join(root, 'models'),
  demoFolder: isPackaged ? join(process.resourcesPath, 'demo') : join(root, 'resources', 'demo'),
  developmentUrl: isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'],
  dataFolder: process.env['QUARRY_WORKSPACE'],
})
