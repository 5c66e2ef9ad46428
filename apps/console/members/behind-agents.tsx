import { useQuery } from '@tanstack/react-query';
import { changesQuery } from '../api/queries.js';
import type { AgentStatus } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { Age } from '../vocabulary/age.js';
import { counted } from '../vocabulary/times.js';

interface Props {
  readonly network: string;
  readonly version: number;
  readonly agents: readonly AgentStatus[];
}

/**
 * What agents that are not proven to follow the current version may still allow. An agent that was just sent the
 * version appears only if it does not answer in time.
 */
export function BehindAgents({ network, version, agents }: Props) {
  const isLive = useIsLive();
  const behind = agents.filter(({ status }) => status !== 'SYNCED' && status !== 'PENDING');
  if (behind.length === 0 || !isLive) return null;
  return (
    <section className="part" aria-label="What may still be let through" id="let-through">
      <div className="heading">
        <h2>What may still be let through</h2>
        <span className="remark">by agents that have not acknowledged v{version}</span>
      </div>
      <ul className="members">
        {behind.map(({ agentId, appliedVersion }) => (
          <li key={agentId}>
            <span className="mono strong">{agentId}</span>
            <div className="whole">
              {appliedVersion === null ? (
                <p>
                  Not known: it has not said which version it holds. It may follow any version of{' '}
                  <span className="mono">{network}</span> until now.
                </p>
              ) : (
                <TakenAway network={network} held={appliedVersion} version={version} />
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

const MOST_LINES = 10;

/** Changes since the version that an agent holds that took access away. */
function TakenAway({ network, held, version }: Omit<Props, 'agents'> & { readonly held: number }) {
  const { data } = useQuery(changesQuery(network, held));
  if (held >= version) {
    return (
      <p>
        It holds <span className="mono">v{held}</span>, and does not carry all of it out; the reason stands above.
      </p>
    );
  }
  if (data === undefined) return <p className="remark">…</p>;
  const taken = data.items.filter(({ takesAway }) => takesAway);
  const shown = taken.slice(-MOST_LINES);
  const leftOut = taken.length - shown.length + data.leftOut;
  if (taken.length === 0 && data.leftOut === 0) {
    return (
      <p>
        Nothing that <span className="mono">v{data.version}</span> denies: no change since{' '}
        <span className="mono">v{held}</span> took anything away.
      </p>
    );
  }
  return (
    <>
      <p>
        It holds <span className="mono">v{held}</span>. What these changes took away since, it may still let through:
      </p>
      <ul>
        {shown.map(({ version: made, summary, at }) => (
          <li key={made} className="anywhere">
            <span className="mono">v{made}</span> <span className="mono strong">{summary}</span>{' '}
            <span className="remark">
              <Age at={at} />
            </span>
          </li>
        ))}
        {leftOut > 0 && <li className="remark">{counted(leftOut, 'earlier change')} more</li>}
      </ul>
    </>
  );
}
