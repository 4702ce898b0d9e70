import { useId, useState } from 'react'
import { FolderOpen } from 'lucide-react'
import type { Model } from '../../../core/contract/models.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { exportModel } from '../../state/model-work.ts'
import { useModels } from '../../state/models.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatBytes } from '../../ui/format.ts'
import { isHere } from './model-facts.ts'

/** Asks where the pack goes. */
export function ExportDialog({ model, onClose }: { model: Model | null; onClose(): void }) {
  return (
    <Dialog isOpen={model !== null} onClose={onClose} title={`Export “${model?.manifest.label ?? ''}”`}>
      {model ? <ExportForm model={model} onClose={onClose} /> : null}
    </Dialog>
  )
}

function ExportForm({ model, onClose }: { model: Model; onClose(): void }) {
  const { id } = model.manifest
  const fieldId = useId()
  const folder = useWorkspace((state) => state.status?.folder ?? '')
  const [path, setPath] = useState(() => inFolder(folder, id))
  const pick = async (): Promise<void> => {
    const chosen = (await shell.pickFolder())?.paths[0]
    if (chosen) setPath(inFolder(chosen, id))
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (path.trim() === '') return
        exportModel(id, path.trim())
        onClose()
      }}
    >
      <div className="dialog-body">
        <p>
          A pack holds the model’s files, its licence and their checksums in one file. Carry it to another machine and
          drop it on this page there.
        </p>
        <div className="field">
          <label htmlFor={fieldId}>File on the machine that runs Quarry</label>
          <div className="place-line">
            <input
              id={fieldId}
              className="input mono"
              value={path}
              autoFocus
              maxLength={4096}
              autoComplete="off"
              spellCheck={false}
              aria-describedby={`${fieldId}-help`}
              onChange={(event) => setPath(event.target.value)}
            />
            {shell.platform === 'browser' ? null : (
              <Button icon={<FolderOpen size={15} aria-hidden />} onPress={() => void pick().catch(sayFailure)}>
                Choose …
              </Button>
            )}
          </div>
          <p id={`${fieldId}-help`} className="field-help soft">
            The whole path; it takes about {formatBytes(model.bytes)}. Nothing is overwritten. To sign it, use the
            command line: quarry models export {id} --sign KEY
          </p>
        </div>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={path.trim() === ''}>
          Export
        </Button>
      </footer>
    </form>
  )
}

/** Says what goes; of a model in use, who uses it, and then it stays. */
export function RemoveDialog({ model, onClose }: { model: Model | null; onClose(): void }) {
  const partial = model ? !isHere(model) : false
  const inUse = model !== null && !partial && model.usedBy.length > 0
  const title = partial
    ? `Throw away what came of “${model?.manifest.label ?? ''}”?`
    : inUse
      ? `“${model.manifest.label}” is in use`
      : `Remove “${model?.manifest.label ?? ''}”?`
  return (
    <Dialog isOpen={model !== null} onClose={onClose} title={title} role="alertdialog">
      {model && inUse ? <InUse model={model} onClose={onClose} /> : null}
      {model && !inUse ? <RemoveForm model={model} onClose={onClose} /> : null}
    </Dialog>
  )
}

function InUse({ model, onClose }: { model: Model; onClose(): void }) {
  return (
    <>
      <div className="dialog-body">
        <p>It stays as long as a collection’s pipeline names it. Choose another model there first:</p>
        <ul className="model-users">
          {model.usedBy.map(({ collectionId, name }) => (
            <li key={collectionId}>
              <a
                href={hrefOf({ page: 'library', collectionId, documentId: null, span: null, view: 'pipeline' })}
                onClick={onClose}
              >
                {name}
              </a>
            </li>
          ))}
        </ul>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose} autoFocus>
          Close
        </Button>
      </footer>
    </>
  )
}

function RemoveForm({ model, onClose }: { model: Model; onClose(): void }) {
  const [busy, setBusy] = useState(false)
  const { id, label } = model.manifest
  const remove = async (): Promise<void> => {
    setBusy(true)
    try {
      const { removedBytes } = await core().models.remove({ id })
      useNotices.getState().say(`Removed ${label}: ${formatBytes(removedBytes)} are free again.`)
      onClose()
    } catch (error) {
      sayFailure(error)
    } finally {
      setBusy(false)
      await useModels.getState().refresh()
    }
  }
  return (
    <>
      <div className="dialog-body">
        <p>
          {isHere(model)
            ? `Its ${formatBytes(model.bytes)} on this machine are deleted. ${
                model.inCatalogue
                  ? 'It stays in the catalogue and can be had again.'
                  : 'It is not in the catalogue: to have it again, import it again.'
              }`
            : `${formatBytes(model.bytes)} of an unfinished download are deleted; downloading it begins anew.`}
        </p>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose} autoFocus>
          Keep
        </Button>
        <Button look="danger" onPress={() => void remove()} isDisabled={busy}>
          {isHere(model) ? 'Remove' : 'Throw away'}
        </Button>
      </footer>
    </>
  )
}

/** As the system that runs Quarry writes paths. */
function inFolder(folder: string, id: string): string {
  const separator = folder.includes('\\') ? '\\' : '/'
  return `${folder.replace(/[\\/]+$/, '')}${separator}${id}.quarrypack`
}
