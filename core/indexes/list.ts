import type { IndexDefinition } from './index-store.ts'
import { sqliteIndex } from './sqlite.ts'

export const indexDefinitions: readonly IndexDefinition[] = [sqliteIndex]
