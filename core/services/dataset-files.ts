import type { DatasetId } from '../shared/ids.ts'
import { type DatasetExportParts, type ExportFormat, exportPieces, writeExport } from './dataset-export.ts'
import {
  generateCases,
  type GenerationParts,
  type GenerationRequest,
  type GenerationResult,
} from './dataset-generation.ts'
import {
  type DatasetImportParts,
  importDataset,
  type ImportRequest,
  type ImportResult,
  type ImportWatch,
} from './dataset-import.ts'

/** What brings many cases at once into datasets, or out of them. Each call tells how far it is, and can be left. */
export interface DatasetFiles {
  import(request: ImportRequest, watch: ImportWatch): Promise<ImportResult>
  export(
    id: DatasetId,
    format: ExportFormat,
    path: string,
    watch: ImportWatch,
  ): Promise<{ path: string; cases: number; hash: string }>
  pieces(id: DatasetId, format: ExportFormat, signal?: AbortSignal): AsyncIterable<{ file: string; text: string }>
  generate(request: GenerationRequest, watch: ImportWatch): Promise<GenerationResult>
}

export function createDatasetFiles(parts: DatasetImportParts & DatasetExportParts & GenerationParts): DatasetFiles {
  return {
    import: (request, watch) => importDataset(request, parts, watch),
    export: (id, format, path, watch) => writeExport(id, format, path, parts, watch),
    pieces: (id, format, signal) => exportPieces(id, format, parts, signal),
    generate: (request, watch) => generateCases(request, parts, watch),
  }
}
