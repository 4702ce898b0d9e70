import { useEffect, useState } from 'react'
import { BookOpen, Bot, FilePlus2, FolderPlus } from 'lucide-react'
import { shell } from '../../platform/shell.ts'
import { useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { sayFailure } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { goOn, navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'

/** The first run: what this is for, and how to begin. */
export function WelcomePage() {
  const sampleOffered = useWorkspace((state) => state.status?.sampleOffered ?? false)
  const [opening, setOpening] = useState(false)
  useEffect(() => {
    document.title = 'Quarry'
  }, [])
  const openSample = async (): Promise<void> => {
    setOpening(true)
    try {
      const { collectionId, jobId } = await core().workspace.addSample()
      usePreferences.getState().set({ sampleCollectionId: collectionId })
      await useWorkspace.getState().refresh()
      // Both show this page as long as there is nothing to ask.
      const library = { page: 'library', collectionId, documentId: null, span: null } as const
      goOn(({ page }) => page === 'home' || page === 'ask', library)
      await noteStart(jobId)
    } catch (error) {
      sayFailure(error)
    } finally {
      setOpening(false)
    }
  }
  const pick = async (kind: 'files' | 'folder'): Promise<void> => {
    const picked = kind === 'files' ? await shell.pickFiles() : await shell.pickFolder()
    await useAdding.getState().add(picked, null)
  }
  return (
    <div className="page-scroll">
      <div className="welcome">
        <h1>Ask your documents, and see where every answer comes from</h1>
        <p className="reading">
          Quarry reads your files on this machine, finds the passages that matter, and answers with citations that open
          the exact place. Nothing is sent anywhere.
        </p>
        <div className="welcome-actions">
          {sampleOffered ? (
            <Button
              look="primary"
              icon={<BookOpen size={16} aria-hidden />}
              onPress={() => void openSample()}
              isDisabled={opening}
            >
              {opening ? 'Opening the sample …' : 'Open the sample workspace'}
            </Button>
          ) : null}
          <Button
            look={sampleOffered ? 'plain' : 'primary'}
            icon={<FilePlus2 size={16} aria-hidden />}
            onPress={() => void pick('files')}
          >
            Add your own documents
          </Button>
          <Button look={'plain'} icon={<FolderPlus size={16} aria-hidden />} onPress={() => void pick('folder')}>
            Add a folder
          </Button>
          <Button
            look="plain"
            icon={<Bot size={16} aria-hidden />}
            onPress={() => navigate({ page: 'bots', botId: 'new' })}
          >
            Make a bot
          </Button>
        </div>
        <p className="soft">Or drop files and folders anywhere on this window.</p>
        <ol className="welcome-steps">
          <li>
            <h2>Add documents</h2>
            <p>
              PDF, scans, Word, Excel, PowerPoint, e-mail, web pages, Markdown, source code and more. Folders keep their
              structure.
            </p>
          </li>
          <li>
            <h2>Ask</h2>
            <p>The passages are found by words and by meaning. When the documents do not say, neither does Quarry.</p>
          </li>
          <li>
            <h2>Check</h2>
            <p>Every statement carries a number. It opens the document at the highlighted passage.</p>
          </li>
        </ol>
      </div>
    </div>
  )
}
