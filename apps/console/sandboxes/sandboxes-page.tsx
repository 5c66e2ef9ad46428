import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { sandboxesQuery } from '../api/queries.js';
import type { Sandbox } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { labelTexts } from '../vocabulary/labels.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { State } from '../vocabulary/state.js';

export function SandboxesPage() {
  useTitle('Sandboxes');
  const { q = '' } = useSearch({ from: '/frame/sandboxes' });
  const navigate = useNavigate({ from: '/sandboxes' });
  return (
    <>
      <div className="head">
        <h1>Sandboxes</h1>
        <span className="second">as their agents report them</span>
        <div className="actions">
          <input
            className="input filter"
            type="search"
            aria-label="Filter sandboxes"
            placeholder="id, agent, label, network"
            value={q}
            onChange={(event) =>
              void navigate({ search: event.target.value === '' ? {} : { q: event.target.value }, replace: true })
            }
          />
        </div>
      </div>
      <section className="part first">
        <Loaded columns={['Sandbox', 'State', 'Networks']} query={useQuery(sandboxesQuery)}>
          {(sandboxes) => {
            const shown = sandboxes.filter((sandbox) => isFound(sandbox, q));
            if (sandboxes.length === 0) return <p className="empty">No sandboxes: no agent reports one.</p>;
            if (shown.length === 0) return <p className="empty">No sandbox matches the filter.</p>;
            return <ListTable label="Sandboxes" columns={COLUMNS} rows={shown} keyOf={({ id }) => id} />;
          }}
        </Loaded>
      </section>
      <section className="part terminal">
        <CommandLine words={['sandbox', 'list']} />
      </section>
    </>
  );
}

function isFound({ id, agentId, labels, networks }: Sandbox, q: string): boolean {
  const texts = [id, agentId ?? '', ...labelTexts(labels), ...networks.map(({ network }) => network)];
  return texts.some((text) => text.includes(q));
}

const COLUMNS: readonly Column<Sandbox>[] = [
  {
    heading: 'Sandbox',
    className: 'mono',
    cell: ({ id, agentId }) => (
      <>
        <Link className="strong" to="/sandboxes/$sandbox" params={{ sandbox: id }}>
          {id}
        </Link>
        <div className="narrow-only second">{agentId === null ? 'no agent' : `on ${agentId}`}</div>
      </>
    ),
  },
  { heading: 'State', cell: ({ status }) => <State of={status} /> },
  { heading: 'Agent', className: 'mono second wide-only', cell: ({ agentId }) => agentId ?? 'none' },
  {
    heading: 'Networks',
    className: 'mono',
    cell: ({ networks }) => networks.map(({ network }) => network).join(', ') || <span className="third">none</span>,
  },
  {
    heading: 'Aliases',
    className: 'mono wide-only',
    cell: ({ networks }) => networks.flatMap(({ aliases }) => aliases.map(({ alias }) => alias)).join(', '),
  },
  {
    heading: 'Labels',
    className: 'wide-only',
    cell: ({ labels }) =>
      labelTexts(labels).map((text) => (
        <span key={text} className="tag">
          {text}
        </span>
      )),
  },
  { heading: 'DNS', className: 'wide-only', cell: ({ dns }) => <State of={dns} /> },
  {
    heading: 'Isolation',
    className: 'wide-only',
    cell: ({ isolation }) => (isolation === null ? <State of="unknown" /> : <State of={isolation} />),
  },
];
