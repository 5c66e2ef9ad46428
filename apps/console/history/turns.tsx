import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { Question, VerdictTurn } from '../api/shapes.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Said } from '../vocabulary/state.js';
import { MadeBy, Moment } from './moment.js';
import { wordOfVerdict } from './verdict-word.js';

interface Props {
  readonly network: string;
  readonly question: Question;
  readonly turns: readonly VerdictTurn[];
  readonly leftOut: number;
}

/** Since when the verdict is what it is, and each change that turned it. */
export function Turns({ network, question, turns, leftOut }: Props) {
  const columns = useMemo(() => columnsOf(network, question), [network, question]);
  const [last] = turns;
  if (last === undefined) return <p className="empty">There has been no verdict yet.</p>;
  return (
    <>
      <p className="line turned">
        <Said word={wordOfVerdict(last)} />
        <span className="anywhere">
          since <MadeBy change={last.change} />: <span className="mono">{last.change.summary}</span>
        </span>
      </p>
      <ListTable
        label="Turns of the verdict"
        columns={columns}
        rows={turns}
        keyOf={({ change }) => String(change.version)}
      />
      {leftOut > 0 && <p className="remark">{leftOut} earlier ones</p>}
    </>
  );
}

function columnsOf(network: string, { from, alias, port }: Question): readonly Column<VerdictTurn>[] {
  const explain = ({ change: { version } }: VerdictTurn) => (
    <Link
      className="second"
      to="/networks/$network/history/explain"
      params={{ network }}
      search={{ from, to: alias, port: String(port), at: String(version) }}
      aria-label={`explain v${version}`}
    >
      explain
    </Link>
  );
  return [
    { heading: 'Version', className: 'mono strong', cell: ({ change }) => `v${change.version}` },
    { heading: 'Verdict', cell: (turn) => <Said word={wordOfVerdict(turn)} /> },
    {
      heading: 'What',
      cell: (turn) => (
        <>
          <span className="mono anywhere">{turn.change.summary}</span>
          <div className="remark">
            <span className="mono">{turn.reason}</span>, by <span className="mono">{turn.change.actor}</span>,{' '}
            <Moment at={turn.change.at} />
          </div>
        </>
      ),
    },
    { heading: <span className="hidden">Explain</span>, className: 'number', cell: explain },
  ];
}
