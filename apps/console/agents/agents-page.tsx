import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { agentsQuery } from '../api/queries.js';
import type { Agent } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useTitle } from '../frame/title.js';
import { useIsLive } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { meshText } from '../members/mesh-text.js';
import { useRefusal } from '../session/session.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { type Column, ListTable } from '../vocabulary/list-table.js';
import { State } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { EnrollAgent } from './enroll-agent.js';

export function AgentsPage() {
  useTitle('Agents');
  const [isEnrolling, setIsEnrolling] = useState(false);
  const isLive = useIsLive();
  const refusal = useRefusal('admin', 'Enrolling agents needs');
  return (
    <>
      <div className="head">
        <h1>Agents</h1>
        <span className="second">one on each host</span>
        <div className="actions">
          {refusal !== null && <span className="remark">{refusal}</span>}
          <button
            type="button"
            className="button"
            disabled={!isLive || refusal !== null}
            onClick={() => setIsEnrolling(true)}
          >
            Enrol an agent
          </button>
        </div>
      </div>
      {isEnrolling && <EnrollAgent close={() => setIsEnrolling(false)} />}
      <section className="part first">
        <Loaded columns={['Agent', 'Contact', 'Networks held', 'Sandboxes']} query={useQuery(agentsQuery)}>
          {(agents) =>
            agents.length === 0 ? (
              <div className="empty">
                <p>No agents: no host takes part yet.</p>
                <CommandLine words={['agent', 'enroll', 'host-a']} />
              </div>
            ) : (
              <ListTable label="Agents" columns={COLUMNS} rows={agents} keyOf={({ id }) => id} />
            )
          }
        </Loaded>
      </section>
      <section className="part terminal">
        <CommandLine words={['agent', 'list']} />
      </section>
    </>
  );
}

/** In how many of its networks it has applied the current version. */
function heldText({ networks }: Agent): string {
  const current = networks.filter(({ status }) => status === 'SYNCED').length;
  return networks.length === 0 ? 'none' : `${current} of ${networks.length} up to date`;
}

const COLUMNS: readonly Column<Agent>[] = [
  {
    heading: 'Agent',
    className: 'mono',
    cell: ({ id }) => (
      <Link className="strong" to="/agents/$agent" params={{ agent: id }}>
        {id}
      </Link>
    ),
  },
  { heading: 'Contact', cell: ({ status }) => <State of={status} /> },
  {
    heading: 'Last contact',
    className: 'second wide-only',
    cell: ({ id, lastContactAt }) => <Contact agentId={id} known={lastContactAt} />,
  },
  { heading: 'Mesh', className: 'second wide-only', cell: ({ mesh }) => meshText(mesh) },
  { heading: 'Networks held', cell: heldText },
  { heading: 'Sandboxes', className: 'number', cell: ({ sandboxes }) => sandboxes.length },
  {
    heading: 'Refused',
    className: 'wide-only',
    cell: ({ refused }) => (refused.length === 0 ? '' : counted(refused.length, 'sandbox', 'sandboxes')),
  },
  { heading: 'Driver', className: 'mono second wide-only', cell: ({ driver }) => driver ?? 'not known' },
];
