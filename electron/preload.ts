import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { createBridge } from './preload-bridge.ts'

/** The window that this script runs in; the DOM's types are not known to the shell. */
declare const window: { postMessage(message: unknown, origin: string, ports: readonly unknown[]): void }
declare const location: { origin: string }

const post = (message: unknown, ports: readonly unknown[]): void => window.postMessage(message, location.origin, ports)
contextBridge.exposeInMainWorld(
  'quarryShell',
  createBridge({ ipcRenderer, webUtils, platform: process.platform, post }),
)
