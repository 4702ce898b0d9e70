import { useState } from 'react'
import { Download, FolderOpen, SquareArrowOutUpRight } from 'lucide-react'
import type { Document } from '../../../core/contract/documents.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { originalBlob, readOriginal } from '../../state/original-file.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { saveFile } from '../../ui/save-file.ts'

/** The original of a document: opened or shown by the system where it is a file of its own, else saved as a copy. */
export function OriginalActions({ document }: { document: Document }) {
  const { openFile, revealInFolder } = shell
  const { value } = useRead(
    async (signal) =>
      openFile && revealInFolder ? core().documents.place({ documentId: document.id }, { signal }) : null,
    document.id,
  )
  const path = value?.path ?? null
  const open = async (): Promise<void> => {
    if (path === null || !openFile) return
    const isOpened = await openFile(path).catch(() => false)
    if (!isOpened)
      useNotices.getState().say('Files of this type are not opened from here. Show it in its folder instead.')
  }
  return (
    <>
      {path !== null && openFile ? (
        <Button look="quiet" small icon={<SquareArrowOutUpRight size={14} aria-hidden />} onPress={() => void open()}>
          Open original
        </Button>
      ) : null}
      {path !== null && revealInFolder ? (
        <Button
          look="quiet"
          small
          icon={<FolderOpen size={14} aria-hidden />}
          onPress={() => void revealInFolder(path).catch(sayFailure)}
        >
          Show in folder
        </Button>
      ) : null}
      {path === null && document.version > 0 ? <SaveCopy document={document} /> : null}
    </>
  )
}

function SaveCopy({ document }: { document: Document }) {
  const [isReading, setReading] = useState(false)
  const save = async (): Promise<void> => {
    setReading(true)
    try {
      const file = await readOriginal(document.id)
      saveFile(file.name, originalBlob(file))
    } catch (error) {
      sayFailure(error)
    } finally {
      setReading(false)
    }
  }
  return (
    <Button
      look="quiet"
      small
      icon={<Download size={14} aria-hidden />}
      isDisabled={isReading}
      onPress={() => void save()}
    >
      Save original
    </Button>
  )
}
