import { useEffect } from 'react'
import { FolderOpen } from 'lucide-react'
import { Label, Radio, RadioGroup, Switch } from 'react-aria-components'
import { shell } from '../../platform/shell.ts'
import { useNetwork } from '../../state/network.ts'
import { sayFailure } from '../../state/notices.ts'
import { usePreferences, type Theme } from '../../state/preferences.ts'
import { hrefOf } from '../../state/route.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { formatBytes, formatCount, formatNumberOf } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'

const themes: { id: Theme; label: string }[] = [
  { id: 'system', label: 'As the system' },
  { id: 'light', label: 'Light' },
  { id: 'dark', label: 'Dark' },
]

/** How the page looks, and the facts of this workspace. */
export function SettingsPage() {
  const preferences = usePreferences()
  const status = useWorkspace((state) => state.status)
  const network = useNetwork((state) => state.status)
  useEffect(() => {
    document.title = 'Settings · Quarry'
  }, [])
  const reveal = shell.revealInFolder
  return (
    <>
      <PageHeader title="Settings" />
      <div className="page-scroll">
        <div className="settings">
          <section>
            <h2>Appearance</h2>
            <RadioGroup
              className="choice"
              value={preferences.theme}
              onChange={(theme) => preferences.set({ theme: theme as Theme })}
              orientation="horizontal"
            >
              <Label>Theme</Label>
              <div className="choice-options">
                {themes.map((theme) => (
                  <Radio key={theme.id} value={theme.id} className="choice-option">
                    {theme.label}
                  </Radio>
                ))}
              </div>
            </RadioGroup>
          </section>
          <section>
            <h2>Keyboard</h2>
            <Switch
              className="switch"
              isSelected={preferences.singleKeys}
              onChange={(singleKeys) => preferences.set({ singleKeys })}
            >
              <span className="switch-track" aria-hidden>
                <span className="switch-knob" />
              </span>
              Single-key shortcuts, such as / and ?
            </Switch>
          </section>
          <section>
            <h2>Workspace</h2>
            {status ? (
              <dl className="facts">
                <dt>Folder</dt>
                <dd>
                  <code>{status.folder}</code>
                  <CopyButton text={() => status.folder} label="Copy the folder’s path" />
                  {reveal ? (
                    <Button
                      look="quiet"
                      small
                      icon={<FolderOpen size={14} aria-hidden />}
                      onPress={() => void reveal(status.folder).catch(sayFailure)}
                    >
                      Show
                    </Button>
                  ) : null}
                </dd>
                <dt>Contents</dt>
                <dd className="number">
                  {formatNumberOf(status.collections, 'collection')}, {formatNumberOf(status.documents, 'document')},{' '}
                  {formatNumberOf(status.chunks, 'chunk')}
                </dd>
                <dt>Database</dt>
                <dd className="number">{formatBytes(status.databaseBytes)}</dd>
                <dt>Embedding model</dt>
                <dd className="number">
                  {status.embedder.label} ({formatCount(status.embedder.dimensions)} dimensions)
                </dd>
                <dt>Answers by</dt>
                <dd>{status.generator.label}</dd>
                <dt>Network</dt>
                <dd>
                  {network === null ? (
                    'Not known yet'
                  ) : (
                    <>
                      {network.offline
                        ? 'Offline: nothing leaves this machine'
                        : 'Online: allowed hosts can be reached'}{' '}
                      <a href={hrefOf({ page: 'network' })}>Network</a>
                    </>
                  )}
                </dd>
                <dt>Version</dt>
                <dd className="number">{status.version}</dd>
              </dl>
            ) : (
              <p className="soft">Reading the workspace …</p>
            )}
          </section>
        </div>
      </div>
    </>
  )
}
