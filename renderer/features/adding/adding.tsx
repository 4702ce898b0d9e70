import { useEffect, useState, type FormEvent } from 'react'
import { Box, FolderInput, FolderPlus } from 'lucide-react'
import { shell, type Picked } from '../../platform/shell.ts'
import { collectionInSight, useAdding } from '../../state/adding.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { areModels } from '../../state/model-imports.ts'
import { importModels } from '../../state/model-work.ts'
import { sayFailure } from '../../state/notices.ts'
import { currentRoute, navigate } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'

/**
 * Files dropped or pasted anywhere, at any time. While something is dragged over the window an overlay says where it
 * will go; where no collection is in sight a dialog asks.
 */
export function Adding() {
  const dragging = useWindowDrop()
  const undecided = useAdding((state) => state.undecided)
  return (
    <>
      {dragging ? <DropOverlay /> : null}
      <Dialog
        isOpen={undecided !== null}
        onClose={() => void useAdding.getState().decide(null)}
        title={`Where should ${undecided?.name ?? 'this'} go?`}
      >
        {undecided ? <ChooseCollection suggested={undecided.name} /> : null}
      </Dialog>
    </>
  )
}

function DropOverlay() {
  return currentRoute().page === 'models' ? <ModelOverlay /> : <DocumentOverlay />
}

function ModelOverlay() {
  return (
    <div className="drop-overlay" aria-hidden>
      <div className="drop-message">
        <Box size={28} />
        <p className="drop-title">Import as a model</p>
        <p>A .quarrypack, a .zip, a .gguf file, or a folder with a model. It is copied and checked.</p>
      </div>
    </div>
  )
}

function DocumentOverlay() {
  const collections = useWorkspace((state) => state.collections)
  const taker = useAdding((state) => state.taker)
  const target = taker ? undefined : collections?.find((collection) => collection.id === collectionInSight())
  return (
    <div className="drop-overlay" aria-hidden>
      <div className="drop-message">
        {target || taker ? <FolderInput size={28} /> : <FolderPlus size={28} />}
        <p className="drop-title">{taker?.title ?? (target ? `Add to “${target.name}”` : 'Drop to add')}</p>
        <p>
          {taker
            ? taker.text
            : target
              ? `Folders keep their structure. ${formatNumberOf(target.documents, 'document')} there now.`
              : collections && collections.length > 0
                ? 'You choose the collection next.'
                : 'A first collection is made for them.'}
        </p>
      </div>
    </div>
  )
}

function ChooseCollection({ suggested }: { suggested: string }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const [name, setName] = useState(suggestName(suggested, new Set(collections.map((collection) => collection.name))))
  const [failure, setFailure] = useState<string | null>(null)
  const create = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      const made = await core().collections.create({ name: name.trim() })
      await useWorkspace.getState().refresh()
      await useAdding.getState().decide(made.id)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <div className="dialog-body">
      {collections.length > 0 ? (
        <div className="field">
          <h3>Add to</h3>
          <ul className="choose-list">
            {collections.map((collection) => (
              <li key={collection.id}>
                <button
                  type="button"
                  className="choose-item"
                  onClick={() => void useAdding.getState().decide(collection.id)}
                >
                  <span>{collection.name}</span>
                  <span className="soft number">{formatNumberOf(collection.documents, 'document')}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ) : (
        <p className="soft">A collection is a set of documents that are searched together. This makes your first.</p>
      )}
      <form className="choose-new" onSubmit={(event) => void create(event)}>
        <TextLine
          label={collections.length > 0 ? 'Or a new collection' : 'Name of the collection'}
          value={name}
          onChange={setName}
          failure={failure}
          autoFocus={collections.length === 0}
        />
        <Button look={collections.length > 0 ? 'plain' : 'primary'} type="submit" isDisabled={name.trim() === ''}>
          Create and add
        </Button>
      </form>
    </div>
  )
}

/** A name from what was dropped that no collection has yet. */
function suggestName(name: string, taken: ReadonlySet<string>): string {
  const base = /^[\d,]+ files$/.test(name) ? 'My documents' : name.replace(/\.[^.]+$/, '').slice(0, 100)
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? base : `${base} ${number}`
    if (!taken.has(candidate)) return candidate
  }
}

function useWindowDrop(): boolean {
  const [dragging, setDragging] = useState(false)
  useEffect(() => {
    const controller = new AbortController()
    const options = { signal: controller.signal }
    // Entering a child leaves its parent: only the balance says whether the pointer is still over the window.
    let depth = 0
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
    const end = (): void => {
      depth = 0
      setDragging(false)
    }
    const add = (data: DataTransfer): void => {
      const target = collectionInSight()
      const onModels = currentRoute().page === 'models'
      const { taker } = useAdding.getState()
      const take = (picked: Picked): void => {
        if (taker) return taker.take(picked)
        if (!onModels && !areModels(picked)) return void useAdding.getState().add(picked, target)
        importModels(picked)
        if (!onModels) navigate({ page: 'models', modelId: null })
      }
      shell.pickDropped(data).then(take, sayFailure)
    }
    window.addEventListener(
      'dragenter',
      (event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        depth++
        setDragging(true)
      },
      options,
    )
    window.addEventListener(
      'dragover',
      (event) => {
        if (!hasFiles(event)) return
        event.preventDefault()
        if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy'
      },
      options,
    )
    window.addEventListener(
      'dragleave',
      (event) => {
        if (!hasFiles(event)) return
        depth = Math.max(0, depth - 1)
        if (depth === 0) setDragging(false)
      },
      options,
    )
    window.addEventListener(
      'drop',
      (event) => {
        if (!hasFiles(event) || !event.dataTransfer) return
        event.preventDefault()
        end()
        add(event.dataTransfer)
      },
      options,
    )
    window.addEventListener(
      'paste',
      (event) => {
        if (!event.clipboardData || event.clipboardData.files.length === 0) return
        event.preventDefault()
        add(event.clipboardData)
      },
      options,
    )
    return () => controller.abort()
  }, [])
  return dragging
}
