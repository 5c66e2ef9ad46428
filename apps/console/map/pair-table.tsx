import { type Column, ListTable } from '../vocabulary/list-table.js';
import { VerdictWord } from '../vocabulary/state.js';
import { byInterest, type Pair, targetsText } from './model.js';

/** The map's pairs as a table. */
export function PairTable({ pairs, version }: { readonly pairs: readonly Pair[]; readonly version: number }) {
  if (pairs.length === 0) return <p className="empty">No pairs: no rule says anything about who is here.</p>;
  return <ListTable label={`Pairs at v${version}`} columns={COLUMNS} rows={byInterest(pairs)} keyOf={({ id }) => id} />;
}

const COLUMNS: readonly Column<Pair>[] = [
  { heading: 'From', className: 'mono', cell: ({ from }) => from },
  { heading: 'Verdict', cell: ({ effect }) => <VerdictWord of={effect} /> },
  { heading: 'To', className: 'mono', cell: ({ targets }) => targetsText(targets) },
  {
    heading: 'By',
    className: 'mono second wide-only',
    cell: ({ targets }) => [...new Set(targets.map(({ ruleId, since }) => `${ruleId}, v${since}`))].join('; '),
  },
  { heading: 'Open now', className: 'number', cell: ({ open }) => open ?? '?' },
];
