import {
  Activity,
  Bot,
  Box,
  ChartScatter,
  FlaskConical,
  GitBranch,
  ListChecks,
  Keyboard,
  LibraryBig,
  MessageCircleQuestion,
  MessageSquareText,
  Network,
  Search,
  Settings,
  SlidersHorizontal,
  TextQuote,
  Waypoints,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { hrefOf, type Route } from '../state/route.ts'

/** Where one can go. Only pages that exist; two groups make the product's idea visible as it grows. */
export function Rail({ route, onFind, onKeys }: { route: Route; onFind(): void; onKeys(): void }) {
  const here = route.page === 'home' ? 'ask' : route.page
  return (
    <nav className="rail" aria-label="Pages">
      <div className="rail-brand">
        <Mark />
        <span className="rail-word">Quarry</span>
      </div>
      <button type="button" className="rail-find" onClick={onFind} title="Find: Ctrl K or ⌘ K">
        <Search size={15} aria-hidden />
        <span className="rail-word">Find</span>
        <kbd className="rail-word" aria-hidden>
          Ctrl K
        </kbd>
      </button>
      <Group title="Use">
        <Item
          icon={<MessageSquareText size={16} aria-hidden />}
          current={here === 'chat'}
          href={hrefOf({ page: 'chat', botId: null, conversationId: null })}
        >
          Chat
        </Item>
        <Item
          icon={<Bot size={16} aria-hidden />}
          current={here === 'bots'}
          href={hrefOf({ page: 'bots', botId: null })}
        >
          Bots
        </Item>
        <Item
          icon={<LibraryBig size={16} aria-hidden />}
          current={here === 'library'}
          href={hrefOf({ page: 'library', collectionId: null, documentId: null, span: null })}
        >
          Library
        </Item>
      </Group>
      <Group title="Improve">
        <Item
          icon={<MessageCircleQuestion size={16} aria-hidden />}
          current={here === 'ask'}
          href={hrefOf({ page: 'ask', collectionId: null })}
        >
          Ask
        </Item>
        <Item
          icon={<FlaskConical size={16} aria-hidden />}
          current={here === 'lab'}
          href={hrefOf({ page: 'lab', query: '' })}
        >
          Chunk lab
        </Item>
        <Item
          icon={<ListChecks size={16} aria-hidden />}
          current={here === 'datasets'}
          href={hrefOf({ page: 'datasets', datasetId: null, caseId: null })}
        >
          Datasets
        </Item>
        <Item
          icon={<ChartScatter size={16} aria-hidden />}
          current={here === 'runs'}
          href={hrefOf({ page: 'runs', runId: null, otherId: null })}
        >
          Runs
        </Item>
        <Item
          icon={<SlidersHorizontal size={16} aria-hidden />}
          current={here === 'tune'}
          href={hrefOf({ page: 'tune', tuneId: null })}
        >
          Tune
        </Item>
        <Item
          icon={<GitBranch size={16} aria-hidden />}
          current={here === 'pipelines'}
          href={hrefOf({ page: 'pipelines', lineId: null, releaseId: null })}
        >
          Pipelines
        </Item>
        <Item
          icon={<TextQuote size={16} aria-hidden />}
          current={here === 'prompts'}
          href={hrefOf({ page: 'prompts', promptId: null })}
        >
          Prompts
        </Item>
      </Group>
      <Group title="System">
        <Item
          icon={<Box size={16} aria-hidden />}
          current={here === 'models'}
          href={hrefOf({ page: 'models', modelId: null })}
        >
          Models
        </Item>
        <Item
          icon={<Waypoints size={16} aria-hidden />}
          current={here === 'providers'}
          href={hrefOf({ page: 'providers' })}
        >
          Providers
        </Item>
        <Item icon={<Network size={16} aria-hidden />} current={here === 'network'} href={hrefOf({ page: 'network' })}>
          Network
        </Item>
        <Item
          icon={<Activity size={16} aria-hidden />}
          current={here === 'traces'}
          href={hrefOf({ page: 'traces', traceId: null })}
        >
          Traces
        </Item>
        <Item
          icon={<Settings size={16} aria-hidden />}
          current={here === 'settings'}
          href={hrefOf({ page: 'settings' })}
        >
          Settings
        </Item>
      </Group>
      <button type="button" className="rail-item rail-last" onClick={onKeys} title="Keys">
        <Keyboard size={16} aria-hidden />
        <span className="rail-word">Keys</span>
      </button>
    </nav>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="rail-group">
      <h2 className="rail-title">{title}</h2>
      <ul>{children}</ul>
    </div>
  )
}

function Item({
  icon,
  href,
  current,
  children,
}: {
  icon: ReactNode
  href: string
  current: boolean
  children: string
}) {
  return (
    <li>
      <a className="rail-item" href={href} aria-current={current ? 'page' : undefined} title={children}>
        {icon}
        <span className="rail-word">{children}</span>
      </a>
    </li>
  )
}

/** Strata with one bed lit: a passage found among many. */
function Mark() {
  return (
    <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden className="rail-mark">
      <rect x="2" y="3" width="16" height="3" rx="1" className="mark-stone" />
      <rect x="2" y="8.5" width="10" height="3" rx="1" className="mark-lit" />
      <rect x="13.5" y="8.5" width="4.5" height="3" rx="1" className="mark-stone" />
      <rect x="2" y="14" width="16" height="3" rx="1" className="mark-stone" />
    </svg>
  )
}
