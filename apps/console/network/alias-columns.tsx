import { Link } from '@tanstack/react-router';
import type { Alias } from '../api/shapes.js';
import type { Column } from '../vocabulary/list-table.js';
import { Said, State } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';

/** `8080`, or `80:8080` if the port inside differs. */
export function portsText(ports: Alias['ports']): string {
  return ports
    .map(({ published, target }) => (published === target ? String(published) : `${published}:${target}`))
    .join(', ');
}

/** Whether the name and its listeners are up at every participating agent. */
export function ListenersState({ listeners }: Pick<Alias, 'listeners'>) {
  const [first] = listeners.troubles;
  const more = listeners.troubles.length - 1;
  if (first === undefined) {
    if (listeners.expected === 0) return <Said word={{ ...wordOf('skipped'), text: 'no agent serves it' }} />;
    return <State of="SYNCED" text="answered" />;
  }
  const state = { failed: 'FAILED', pending: 'PENDING', unknown: 'UNKNOWN' }[first.state];
  const said = first.message ?? first.code ?? first.state;
  return (
    <>
      <State of={state} text={`at ${listeners.up} of ${listeners.expected} agents`} />
      <div className="remark">
        <span className="mono">{first.agentId}</span>: {said}
        {more > 0 ? `; and ${more} more` : ''}
      </div>
    </>
  );
}

export const aliasColumns: readonly Column<Alias>[] = [
  {
    heading: 'Name',
    className: 'mono',
    cell: ({ alias, name, sandboxId, agentId }) => (
      <>
        <span className="strong">{alias}</span>
        <span className="third">{name.slice(alias.length)}</span>
        <div className="narrow-only second">
          {sandboxId}
          {agentId !== null && <span className="unbroken"> on {agentId}</span>}
        </div>
      </>
    ),
  },
  { heading: 'Ports', className: 'mono ports', cell: ({ ports }) => portsText(ports) },
  {
    heading: 'Published by',
    className: 'mono wide-only',
    cell: ({ sandboxId }) => (
      <Link to="/sandboxes/$sandbox" params={{ sandbox: sandboxId }}>
        {sandboxId}
      </Link>
    ),
  },
  { heading: 'On', className: 'mono second wide-only', cell: ({ agentId }) => agentId ?? 'no agent' },
  { heading: 'DNS and listener', cell: ({ listeners }) => <ListenersState listeners={listeners} /> },
];

/** How many aliases are up at every agent. */
export function answeredText(aliases: readonly Alias[], isLive: boolean): string {
  const whole = aliases.filter(({ listeners: { up, expected } }) => expected > 0 && up === expected).length;
  return `${whole} of ${aliases.length} ${isLive ? 'work' : 'worked'} at every agent`;
}
