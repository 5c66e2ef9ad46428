import { queryOptions, useQuery } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { awaitApplied, awaitHeld } from '#libs/api-client/generated/index.js';
import { statusQuery } from '../api/queries.js';
import type { Applied, Network } from '../api/shapes.js';
import { useObserved } from '../live/live-state.js';
import { Said } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { wordOf } from '../vocabulary/words.js';
import { announcement, dismissReceipt, type OwnWrite, ownWrites } from './own-writes.js';
import { Quarantined } from './quarantined.js';
import { Receipt } from './receipt.js';

/** What is currently proven about one version. Fetched again when the stream reports an acknowledgement. */
const appliedQuery = ({ network, version, changed }: OwnWrite) =>
  queryOptions({
    queryKey: ['network', network, 'applied', version, changed],
    queryFn: async (): Promise<Applied> => {
      const asked = { path: { network, version: String(version) }, query: { waitSeconds: 0 } };
      return changed ? awaitApplied(asked) : awaitHeld(asked);
    },
  });

interface Props {
  readonly network: Network;
  /** Whether the receipt of the last change disappears once every agent has applied it. */
  readonly isQuiet: boolean;
}

/**
 * At the head of a network's pages: this page's own write until it is dismissed or superseded, otherwise the last
 * change.
 */
export function NetworkReceipt({ network, isQuiet }: Props) {
  const own = useObserved(ownWrites).get(network.name);
  const isCurrent = own !== undefined && (own.version >= network.version || !own.changed);
  if (own !== undefined && isCurrent) return <OwnReceipt own={own} />;
  if (own !== undefined) return <Overtaken own={own} network={network} />;
  if (network.status === 'QUARANTINED') return <Quarantined network={network} />;
  if (isQuiet && isDone(network)) return null;
  return <LastChangeReceipt network={network} />;
}

const isDone = ({ status }: Network): boolean => status === 'SYNCED' || status === 'EMPTY';

function LastChangeReceipt({ network }: { readonly network: Network }) {
  const { data: status } = useQuery(statusQuery(network.name));
  const { applied, lastChange } = network;
  const agents = status?.version === network.version ? status.agents : [];
  return (
    <Receipt
      word={wordOf(network.status)}
      proof={{ ...applied, network: network.name, version: network.version, agents }}
      summary={lastChange.summary}
      at={Date.parse(lastChange.at)}
    />
  );
}

export function OwnReceipt({ own }: { readonly own: OwnWrite }) {
  const { data: applied } = useQuery(appliedQuery(own));
  const isProven = applied !== undefined && applied.confirmed >= applied.expected && applied.supersededBy === null;
  useOutcome(own, isProven ? applied : null);
  if (applied === undefined) {
    return (
      <section className="receipt pending-edge" aria-label="Last change">
        <div className="summary">
          <Said word={wordOf('PENDING')} />
          <span>
            written as <b className="mono">v{own.version}</b>
          </span>
        </div>
      </section>
    );
  }
  if (applied.supersededBy !== null) return <Superseded own={own} applied={applied} by={applied.supersededBy} />;
  const since = own.unchangedSince === null ? '' : ` since v${own.unchangedSince}`;
  return (
    <Receipt
      word={isProven ? { ...wordOf('SYNCED'), text: 'proven' } : wordOf('PENDING')}
      proof={{ ...applied, agents: applied.agents.map((agent) => ({ ...agent, tookMs: agent.tookMs ?? null })) }}
      summary={own.summary}
      at={own.sentAt}
      dismiss={() => dismissReceipt(own.network)}
    >
      {(!own.changed || own.warnings.length > 0) && (
        <div className="details">
          {!own.changed && <p>Nothing was written: this is so already{since}.</p>}
          {own.warnings.map(({ code, message }) => (
            <p key={code} className="line">
              <Said word={{ ...wordOf('STALE'), text: 'warning' }} /> <span>{message}</span>
              <span className="mono third">{code}</span>
            </p>
          ))}
        </div>
      )}
    </Receipt>
  );
}

/** Somebody wrote after this page did. Whether this page's version was proven before is fetched once more. */
function Overtaken({ own, network }: { readonly own: OwnWrite; readonly network: Network }) {
  const { data: applied } = useQuery(appliedQuery(own));
  const superseded = applied?.supersededBy ?? null;
  useEffect(() => {
    if (applied !== undefined && superseded === null && applied.confirmed >= applied.expected)
      dismissReceipt(own.network);
  }, [applied, superseded, own.network]);
  return (
    <>
      {applied !== undefined && superseded !== null && <Superseded own={own} applied={applied} by={superseded} />}
      <LastChangeReceipt network={network} />
    </>
  );
}

interface SupersededProps {
  readonly own: OwnWrite;
  readonly applied: Applied;
  readonly by: number;
}

function Superseded({ own, applied, by }: SupersededProps) {
  const ahead = applied.agents.filter(
    ({ status, appliedVersion }) => status !== 'SYNCED' && (appliedVersion ?? 0) >= by,
  );
  const skipped = ahead.length === 1 ? ahead[0]?.agentId : 'An agent';
  return (
    <section className="receipt stale-edge" aria-label="Your change">
      <div className="summary">
        <Said word={{ ...wordOf('STALE'), text: 'superseded' }} />
        <span className="mono strong">v{own.version}</span>
        <span>
          {skipped} went straight to <b className="mono">v{by}</b>: nothing can be said about{' '}
          <span className="mono">v{own.version}</span>.
        </span>
        <span className="end mono remark">{own.summary}</span>
        <button type="button" className="copy" onClick={() => dismissReceipt(own.network)}>
          dismiss
        </button>
      </div>
    </section>
  );
}

/** Announces an outcome once, for screen readers. */
function useOutcome(own: OwnWrite, applied: Applied | null): void {
  const said = useRef<number | null>(null);
  useEffect(() => {
    if (applied === null || said.current === own.version) return;
    said.current = own.version;
    const cut = counted(applied.flowsCut, 'connection');
    announcement.set(`v${own.version} applied by ${applied.confirmed} of ${applied.expected} agents, ${cut} cut`);
  }, [own, applied]);
}
