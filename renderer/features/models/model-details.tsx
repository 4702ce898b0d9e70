import { useId, useState, type ReactNode } from 'react'
import {
  CircleCheck,
  CircleDashed,
  CircleX,
  Download,
  FolderOpen,
  Gauge,
  Package,
  ShieldCheck,
  Trash2,
} from 'lucide-react'
import {
  modelHub,
  type Model,
  type ModelFile,
  type ModelManifest,
  type ModelSpeed,
} from '../../../core/contract/models.ts'
import { shell } from '../../platform/shell.ts'
import { downloadModel, measureModel, useModelWork, verifyModel, type FileCheckState } from '../../state/model-work.ts'
import { reachOf, useNetwork } from '../../state/network.ts'
import { sayFailure } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { ExternalLink } from '../../ui/external-link.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatCount, formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'
import {
  downloadBytes,
  hubAddress,
  isHere,
  kindLabels,
  kindMeaning,
  languageName,
  licenceText,
  memoryText,
  precisionsOf,
  speedText,
  stateLabel,
} from './model-facts.ts'

/** Everything that is known of a model, and what can be done with it. */
export function ModelDetails({
  model,
  onExport,
  onRemove,
}: {
  model: Model
  onExport(model: Model): void
  onRemove(model: Model): void
}) {
  const { manifest } = model
  return (
    <div className="model-details">
      <header className="model-head">
        <h2>{manifest.label}</h2>
        <p className="soft">
          <code>{manifest.id}</code> · {kindLabels[manifest.kind]}: {kindMeaning[manifest.kind]}
        </p>
        {manifest.use ? <p className="model-use">{manifest.use}</p> : null}
      </header>
      {model.problem ? (
        <FailureNote failure={model.problem} title="This model is damaged" />
      ) : model.described ? (
        <p className="model-note">
          It came without a model.json: what is said here was read from its files. Put right what is wrong in a
          model.json in its folder.
        </p>
      ) : null}
      {isHere(model) ? (
        <Actions model={model} onExport={onExport} onRemove={onRemove} />
      ) : (
        <Obtain model={model} onRemove={onRemove} />
      )}
      <Facts model={model} />
      <Users model={model} />
      <Files model={model} />
      <Sources manifest={manifest} />
    </div>
  )
}

function Actions({
  model,
  onExport,
  onRemove,
}: {
  model: Model
  onExport(model: Model): void
  onRemove(model: Model): void
}) {
  const { id } = model.manifest
  const damaged = model.state === 'damaged'
  const busy = useModelWork(({ works }) => works.some((work) => work.modelId === id && work.end === null))
  return (
    <div className="model-actions">
      <Button icon={<ShieldCheck size={15} aria-hidden />} isDisabled={busy} onPress={() => verifyModel(id)}>
        Verify
      </Button>
      <Button icon={<Gauge size={15} aria-hidden />} isDisabled={busy || damaged} onPress={() => measureModel(id)}>
        Measure speed
      </Button>
      <Button icon={<Package size={15} aria-hidden />} isDisabled={busy} onPress={() => onExport(model)}>
        Export …
      </Button>
      {model.origin === 'workspace' ? (
        <Button icon={<Trash2 size={15} aria-hidden />} isDisabled={busy} onPress={() => onRemove(model)}>
          Remove …
        </Button>
      ) : (
        <span className="soft">It came with Quarry and stays.</span>
      )}
    </div>
  )
}

/** The way to a model that is not here: download where the network lets it, else what to do. */
function Obtain({ model, onRemove }: { model: Model; onRemove(model: Model): void }) {
  const { manifest, bytes, state } = model
  const network = useNetwork((store) => store.status)
  const [precision, setPrecision] = useState<string | null>(null)
  const precisions = precisionsOf(manifest)
  const chosen = precision ?? precisions[0]
  const size = downloadBytes(manifest, chosen)
  const reach = network ? reachOf(network, modelHub, 'model-download') : null
  if (!manifest.hub) {
    return (
      <p className="model-note">It is not known where this model can be had. If you have its files, import them.</p>
    )
  }
  return (
    <section className="model-obtain" aria-label="Get this model">
      {precisions.length > 1 ? (
        <SelectField
          label="Precision"
          value={chosen ?? null}
          entries={precisions.map((name) => {
            const needed = downloadBytes(manifest, name)
            return { id: name, label: name, hint: needed === null ? 'size not known' : formatBytes(needed) }
          })}
          onChange={setPrecision}
          help="q8 is a quarter of fp32, quicker, and a little less exact."
        />
      ) : null}
      <div className="model-actions">
        <Button
          look="primary"
          icon={<Download size={15} aria-hidden />}
          isDisabled={reach !== 'open' || state === 'downloading'}
          onPress={() => downloadModel(manifest.id, chosen)}
        >
          {state === 'downloading'
            ? 'Downloading …'
            : `${bytes > 0 ? 'Go on downloading' : 'Download'}${size === null ? '' : ` (${formatBytes(size)})`}`}
        </Button>
        {bytes > 0 && state === 'absent' ? (
          <>
            <span className="soft number">{formatBytes(bytes)} came before.</span>
            <Button small look="quiet" onPress={() => onRemove(model)}>
              Throw away …
            </Button>
          </>
        ) : null}
      </div>
      {reach && reach !== 'open' ? <NoWay reach={reach} /> : null}
    </section>
  )
}

/** Places that the hub sends a download on to are below its other domain. */
const hubHosts = [new URL(modelHub).host, '*.hf.co']

function NoWay({ reach }: { reach: 'offline' | 'host-not-allowed' }) {
  const lock = useNetwork((store) => store.status?.lock ?? null)
  const allow = async (): Promise<void> => {
    for (const host of hubHosts) await useNetwork.getState().allow(host, ['model-download'])
  }
  const network = <a href={hrefOf({ page: 'network' })}>Network page</a>
  return (
    <div className="model-note">
      {reach === 'offline' ? (
        <p>
          <strong>Quarry is offline</strong>, so nothing is downloaded.{' '}
          {lock ? (
            lock.message
          ) : (
            <>
              Turn offline off on the {network}, and allow {hubHosts.join(' and ')}.
            </>
          )}
        </p>
      ) : (
        <p>
          <strong>{hubHosts[0]} is not allowed.</strong> {lock ? lock.message : <>See the {network}.</>}
        </p>
      )}
      <p>
        Without a network: export the model on a machine that has it, and drop the .quarrypack here. A folder or .gguf
        file that you already have will do as well.
      </p>
      {reach === 'host-not-allowed' && !lock ? (
        <Button small onPress={() => void allow().catch(sayFailure)}>
          {`Allow ${hubHosts.join(' and ')} for model downloads`}
        </Button>
      ) : null}
    </div>
  )
}

function Facts({ model }: { model: Model }) {
  const { manifest, folder, speed } = model
  const { dimensions, matryoshka, maxTokens, pooling, repeats, normalise, prefixes, languages, licence, hub } = manifest
  const measuredMb = speed?.memoryMb ?? null
  const reveal = shell.revealInFolder
  return (
    <dl className="facts model-facts">
      <Fact name="State">
        {stateLabel(model)}
        {isHere(model) ? `, ${formatBytes(model.bytes)} on disk` : ''}
      </Fact>
      {folder ? (
        <Fact name="Folder">
          <code>{folder}</code>
          <CopyButton text={() => folder} label="Copy the folder’s path" />
          {reveal ? (
            <Button
              look="quiet"
              small
              icon={<FolderOpen size={14} aria-hidden />}
              onPress={() => void reveal(folder).catch(sayFailure)}
            >
              Show
            </Button>
          ) : null}
        </Fact>
      ) : null}
      <Fact name="Licence">
        {licence.url ? (
          <ExternalLink href={licence.url}>{licenceText(licence.id)}</ExternalLink>
        ) : (
          <span>{licenceText(licence.id)}</span>
        )}
        {licence.notice ? <span className="model-notice">{licence.notice}</span> : null}
      </Fact>
      {hub ? (
        <Fact name="Published as">
          <ExternalLink href={hubAddress(hub, modelHub)}>{hub.id}</ExternalLink>
        </Fact>
      ) : null}
      <Fact name="Runs as">{manifest.format === 'onnx' ? 'ONNX' : 'GGUF (llama.cpp)'}</Fact>
      {isHere(model) ? (
        <Fact name="Speed here">
          {speed ? (
            <>
              <span>
                <strong>{speedText(speed)}</strong>, {perWhat[speed.unit]}
              </span>
              <span className="model-notice">
                {[
                  `loaded in ${formatDuration(speed.loadMs)}`,
                  speed.firstTokenMs === null
                    ? ''
                    : `first word after ${formatDuration(speed.firstTokenMs)} (${formatCount(speed.promptTokens ?? 0)} tokens read)`,
                  `measured ${formatWhen(speed.measuredAt)}`,
                  speed.machine,
                ]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
            </>
          ) : (
            <span className="soft">not measured; it takes about 5 seconds</span>
          )}
        </Fact>
      ) : null}
      {measuredMb === null && manifest.memoryMb === undefined ? null : (
        <Fact name="Memory">
          {measuredMb === null
            ? `about ${memoryText(manifest)} while in use, reckoned`
            : `${formatBytes(measuredMb * 1e6)} while in use, measured`}
        </Fact>
      )}
      {languages.length > 0 ? (
        <Fact name="Languages">{new Intl.ListFormat('en').format(languages.map(languageName))}</Fact>
      ) : null}
      {dimensions === undefined ? null : (
        <Fact name="Dimensions">
          {formatCount(dimensions)}
          {matryoshka ? `; may be cut to ${matryoshka.map(formatCount).join(', ')}` : ''}
        </Fact>
      )}
      {maxTokens === undefined ? null : (
        <Fact name={manifest.kind === 'generator' ? 'Context' : 'Longest text'}>{formatCount(maxTokens)} tokens</Fact>
      )}
      {pooling ? (
        <Fact name="Pooling">
          {poolingLabels[pooling]}
          {normalise === undefined ? '' : normalise ? ', scaled to length 1' : ', not scaled'}
          {repeats === 'logarithm' ? '; a token that comes again counts less' : ''}
        </Fact>
      ) : null}
      {prefixes ? (
        <Fact name="Prefixes">
          <span className="model-prefix">
            question: <Prefix text={prefixes.query} />
          </span>
          <span className="model-prefix">
            passage: <Prefix text={prefixes.passage} />
          </span>
        </Fact>
      ) : null}
    </dl>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd className="number">{children}</dd>
    </>
  )
}

/** Spaces count, so its ends are made visible. */
function Prefix({ text }: { text: string }) {
  return text === '' ? <span className="soft">none</span> : <code className="model-prefix-text">{text}</code>
}

const perWhat: Record<ModelSpeed['unit'], string> = {
  texts: 'passages of about a hundred tokens each',
  pairs: 'each a question with a passage of about a hundred tokens',
  tokens: 'written one after the other',
}

const poolingLabels: Record<NonNullable<ModelManifest['pooling']>, string> = {
  mean: 'mean of the tokens',
  cls: 'first token (cls)',
  last: 'last token',
}

function Users({ model: { usedBy } }: { model: Model }) {
  if (usedBy.length === 0) return null
  return (
    <section>
      <h3>Used by</h3>
      <ul className="model-users">
        {usedBy.map(({ collectionId, name }) => (
          <li key={collectionId}>
            <a href={hrefOf({ page: 'library', collectionId, documentId: null, span: null, view: 'pipeline' })}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Files({ model }: { model: Model }) {
  const { id, files } = model.manifest
  const checks = useModelWork((state) => state.checks[id])
  const titleId = useId()
  return (
    <section>
      <h3 id={titleId}>{isHere(model) ? 'Files' : 'Files to come'}</h3>
      <div className="model-files" role="region" aria-labelledby={titleId} tabIndex={0}>
        <table className="plain-table">
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col" className="table-numeric">
                Size
              </th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {files.map((file) => (
              <FileRow key={file.path} file={file} check={isHere(model) ? checks?.get(file.path) : undefined} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="soft number">{formatNumberOf(files.length, 'file')}. Checksums are of the files as they came.</p>
    </section>
  )
}

function FileRow({ file, check }: { file: ModelFile; check: FileCheckState | undefined }) {
  const { path, precision, bytes, sha256 } = file
  return (
    <tr>
      <td className="mono">
        {path}
        {precision ? <span className="model-precision">{precision}</span> : null}
      </td>
      <td className="table-numeric number">{bytes === undefined ? '' : formatBytes(bytes)}</td>
      <td>
        <span className="model-sum">
          {check ? <Check state={check} /> : null}
          {sha256 ? (
            <>
              <code title={sha256}>{sha256.slice(0, 8)}…</code>
              <CopyButton text={() => sha256} label={`Copy the SHA-256 of ${path}`} />
            </>
          ) : (
            'not known'
          )}
        </span>
      </td>
    </tr>
  )
}

function Check({ state }: { state: FileCheckState }) {
  if (state === 'right') return <CircleCheck size={14} aria-label="As noted: " className="tone-success" />
  if (state === 'unchecked') return <CircleDashed size={14} aria-label="No checksum was noted: " className="soft" />
  return <CircleX size={14} aria-label={state === 'missing' ? 'Missing: ' : 'Wrong: '} className="tone-danger" />
}

/** Where figures come from: addresses are links, the rest is text. */
function Sources({ manifest: { sources } }: { manifest: ModelManifest }) {
  if (sources.length === 0) return null
  return (
    <section>
      <h3>Where the figures come from</h3>
      <ul className="model-sources">
        {sources.map((source) => (
          <li key={source}>
            {/^https?:\/\/\S+$/.test(source) ? <ExternalLink href={source}>{source}</ExternalLink> : source}
          </li>
        ))}
      </ul>
    </section>
  )
}
