import { Link } from '@tanstack/react-router';
import type { LocalNodeStatusDto } from '#libs/api-client/generated/types.gen.js';
import type { AgentStatus } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { Age } from '../vocabulary/age.js';
import { State } from '../vocabulary/state.js';
import { Contact } from './contact.js';

/** The participating agents and their progress; those that are behind come first. */
export function AgentMembers({ agents }: { readonly agents: readonly AgentStatus[] }) {
  const isDone = (agent: AgentStatus): number => (agent.status === 'SYNCED' ? 1 : 0);
  const shown = [...agents].sort((a, b) => isDone(a) - isDone(b));
  return (
    <section className="part first">
      <div className="heading">
        <h2>Agents</h2>
        <span className="remark">proof counts these</span>
      </div>
      {agents.length === 0 && <p className="empty">No agent takes part: no sandbox is attached.</p>}
      <ul className="members">
        {shown.map((agent) => (
          <li key={agent.agentId}>
            <span className="mono strong">
              <Link to="/agents/$agent" params={{ agent: agent.agentId }}>
                {agent.agentId}
              </Link>
            </span>
            <State of={agent.status} />
            <span className="whole remark">
              <AppliedText agent={agent} /> Contact <Contact agentId={agent.agentId} known={agent.lastContactAt} />
            </span>
            {agent.reason !== null && <span className="whole remark anywhere">{agent.reason}</span>}
            {agent.failures.map(({ alias, code, message }) => (
              <span key={`${alias} ${code}`} className="whole remark failed anywhere">
                <span className="mono">{alias}</span>: {message}
              </span>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}

function AppliedText({ agent: { appliedVersion, tookMs, flowsCut } }: { readonly agent: AgentStatus }) {
  const isLive = useIsLive();
  if (appliedVersion === null) return <>No version applied.</>;
  return (
    <>
      {isLive ? '' : 'had '}
      <span className="mono">v{appliedVersion}</span>
      {tookMs == null ? '' : ` in ${tookMs} ms`}
      {flowsCut == null ? '.' : `, cut ${flowsCut}.`}
    </>
  );
}

/** Developers' machines, shown separately because no write waits for them. */
export function LocalNodeMembers({ localNodes }: { readonly localNodes: readonly LocalNodeStatusDto[] }) {
  return (
    <section className="part">
      <div className="heading">
        <h2>Local nodes</h2>
        <span className="remark">reported, never waited for</span>
      </div>
      {localNodes.length === 0 && <p className="empty">No developer's machine is joined.</p>}
      <ul className="members">
        {localNodes.map(({ nodeId, user, machine, status, expiresAt, lastContactAt }) => (
          <li key={nodeId}>
            <span className="mono strong">{nodeId}</span>
            <State of={status} />
            <span className="whole remark">
              <span className="mono">local:{user}</span> on <span className="anywhere">{machine}</span>,{' '}
              {status === 'ONLINE' || lastContactAt === null ? (
                <>
                  credentials end <Age at={expiresAt} />
                </>
              ) : (
                <>
                  last contact <Age at={lastContactAt} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
