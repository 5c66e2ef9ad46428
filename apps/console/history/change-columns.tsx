import { Link } from '@tanstack/react-router';
import { Fragment, type ReactElement } from 'react';
import type { PastChange } from '../api/shapes.js';
import type { Column } from '../vocabulary/list-table.js';
import { Moment } from './moment.js';

/** `console-1f09` of `console-1f09c2...`: enough of a command's id to tell it from its neighbours. */
const COMMAND_CHARACTERS = 12;

function CommandId({ id }: { readonly id: string }) {
  return (
    <span className="mono unbroken" title={id}>
      {id.length > COMMAND_CHARACTERS ? `${id.slice(0, COMMAND_CHARACTERS)}…` : id}
    </span>
  );
}

/** Who changed what and when. `last`: further links of a row, each with a key. */
export function changeColumns(
  network: string,
  last: (change: PastChange) => readonly ReactElement[],
): readonly Column<PastChange>[] {
  return [
    { heading: 'Version', className: 'mono strong', cell: ({ version }) => `v${version}` },
    { heading: 'Time', className: 'unbroken', cell: ({ at }) => <Moment at={at} /> },
    { heading: 'By', className: 'mono wide-only', cell: ({ actor }) => actor },
    {
      heading: 'What',
      cell: (change) => (
        <>
          <span className="mono anywhere">{change.summary}</span>
          <div className="narrow-only remark">
            by <span className="mono">{change.actor}</span>, command <CommandId id={change.commandId} />
          </div>
          <div className="narrow-only remark">
            <Links network={network} change={change} more={last(change)} />
          </div>
        </>
      ),
    },
    { heading: 'Command', className: 'third wide-only', cell: ({ commandId }) => <CommandId id={commandId} /> },
    {
      heading: <span className="hidden">Look closer</span>,
      className: 'number wide-only',
      cell: (change) => <Links network={network} change={change} more={last(change)} />,
    },
  ];
}

interface LinksProps {
  readonly network: string;
  readonly change: PastChange;
  readonly more: readonly ReactElement[];
}

/** Links of a change: to what its version changed, and further ones. Before the first version there was no network. */
function Links({ network, change: { version }, more }: LinksProps) {
  const changed = (
    <Link
      key="changed"
      className="second"
      to="/networks/$network/history/diff"
      params={{ network }}
      search={{ from: String(version - 1), to: String(version) }}
      aria-label={`what it changed, v${version}`}
    >
      what it changed
    </Link>
  );
  return [...(version === 1 ? [] : [changed]), ...more].map((link, place) => (
    <Fragment key={link.key}>
      {place > 0 && ' · '}
      {link}
    </Fragment>
  ));
}
