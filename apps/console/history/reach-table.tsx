import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { NetworkDiff, Reach } from '../api/shapes.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';

interface Row extends Reach {
  readonly change: 'gained' | 'lost';
}

/** Who gained and who lost a way to what; each leads to why, at the second version. */
export function ReachTable({ network, diff }: { readonly network: string; readonly diff: NetworkDiff }) {
  const { gained, lost, to } = diff;
  const rows = [
    ...lost.map((reach): Row => ({ ...reach, change: 'lost' })),
    ...gained.map((reach): Row => ({ ...reach, change: 'gained' })),
  ];
  const columns = useMemo(() => columnsOf(network, to.version), [network, to.version]);
  return (
    <ListTable
      label="Gained and lost"
      columns={columns}
      rows={rows}
      keyOf={({ change, from, alias, port }) => `${change} ${from} ${alias} ${port}`}
    />
  );
}

function columnsOf(network: string, version: number): readonly Column<Row>[] {
  return [
    { heading: 'Change', cell: ({ change }) => <Said word={wordOf(change)} /> },
    { heading: 'From', className: 'mono selector', cell: ({ from }) => from },
    {
      heading: 'To',
      className: 'mono',
      cell: ({ alias, port }) => (
        <>
          {alias}:{port}
        </>
      ),
    },
    {
      heading: <span className="hidden">Explain</span>,
      className: 'number',
      cell: ({ from, alias, port }) => (
        <Link
          className="second"
          to="/networks/$network/history/explain"
          params={{ network }}
          search={{ from, to: alias, port: String(port), ...(version === 0 ? {} : { at: String(version) }) }}
          aria-label={`why ${from} to ${alias}:${port}`}
        >
          why
        </Link>
      ),
    },
  ];
}
