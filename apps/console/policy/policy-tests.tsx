import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { policyTestsQuery } from '../api/queries.js';
import type { PolicyTest } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { Said, VerdictWord } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';

interface Props {
  readonly network: string;
  readonly mayWrite: boolean;
}

/** The verdicts that writes may not change, and whether each is so now. */
export function PolicyTests({ network, mayWrite }: Props) {
  const columns = useMemo(() => columnsOf(network, mayWrite), [network, mayWrite]);
  return (
    <section className="part">
      <div className="heading">
        <h2>Policy tests</h2>
        <span className="remark">A write that changes one of these verdicts is refused.</span>
        <span className="end">
          {mayWrite ? (
            <Link className="button" to="/networks/$network/policy" params={{ network }} search={{ test: 'add' }}>
              Keep a verdict
            </Link>
          ) : (
            <button type="button" className="button" disabled>
              Keep a verdict
            </button>
          )}
        </span>
      </div>
      <Loaded columns={['Verdict', 'From', 'To alias and port']} query={useQuery(policyTestsQuery(network))}>
        {(tests) =>
          tests.length === 0 ? (
            <div className="empty">
              <p>No policy tests: a write may change every verdict in {network}.</p>
              <CommandLine words={['network', 'policy', 'test', 'add', network, 'local', 'api:8080', 'allow']} />
            </div>
          ) : (
            <ListTable label="Policy tests" columns={columns} rows={tests} keyOf={({ id }) => id} />
          )
        }
      </Loaded>
    </section>
  );
}

function columnsOf(network: string, mayWrite: boolean): readonly Column<PolicyTest>[] {
  const remove = ({ id }: PolicyTest) =>
    mayWrite && (
      <Link
        className="second"
        to="/networks/$network/policy"
        params={{ network }}
        search={{ untest: id }}
        aria-label={`remove ${id}`}
      >
        remove
      </Link>
    );
  return [
    { heading: 'Verdict', cell: ({ effect }) => <VerdictWord of={effect} /> },
    { heading: 'From', className: 'mono', cell: ({ from }) => from },
    {
      heading: 'To alias and port',
      cell: (test) => (
        <>
          <span className="mono anywhere">
            {test.to}:{test.port}
          </span>
          <div className="narrow-only remark">{remove(test)}</div>
        </>
      ),
    },
    {
      heading: 'Now',
      cell: ({ holds }) => <Said word={{ ...wordOf(holds ? 'pass' : 'fail'), text: holds ? 'holds' : 'fails' }} />,
    },
    {
      heading: 'Test',
      className: 'mono third wide-only',
      cell: ({ id, since }) => (
        <span title={id}>
          {id.slice(0, 'test-'.length + 8)}, v{since}
        </span>
      ),
    },
    { heading: <span className="hidden">Remove</span>, className: 'number wide-only', cell: remove },
  ];
}
