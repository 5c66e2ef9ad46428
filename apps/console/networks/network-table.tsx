import { Link } from '@tanstack/react-router';
import { Fragment } from 'react';
import type { Network } from '../api/shapes.js';
import { useIsLive } from '../live/live-state.js';
import { type Phrase, Phrased, phrase, typed } from '../vocabulary/phrase.js';
import { State } from '../vocabulary/state.js';
import { Ticks } from '../vocabulary/ticks.js';
import { clockTime } from '../vocabulary/times.js';

/** The networks; under each that is not applied everywhere, which agents are missing and why. */
export function NetworkTable({ networks }: { readonly networks: readonly Network[] }) {
  return (
    <table className="part first">
      <thead>
        <tr>
          <th scope="col">Network</th>
          <th scope="col" className="wide-only">
            DNS suffix
          </th>
          <th scope="col">Status</th>
          <th scope="col" className="number wide-only">
            Version
          </th>
          <th scope="col">Applied by agents</th>
          <th scope="col" className="number wide-only">
            Sandboxes
          </th>
          <th scope="col" className="number wide-only">
            Aliases
          </th>
          <th scope="col" className="number wide-only">
            Rules
          </th>
          <th scope="col" className="wide-only">
            Last change
          </th>
        </tr>
      </thead>
      <tbody>
        {networks.map((network) => (
          <NetworkRows key={network.id} network={network} />
        ))}
      </tbody>
    </table>
  );
}

function NetworkRows({ network }: { readonly network: Network }) {
  const isLive = useIsLive();
  const { name, suffix, status, version, applied } = network;
  const reason = isLive ? reasonOf(network) : null;
  const late = applied.missing.filter((agent) => agent.status !== 'PENDING');
  return (
    <Fragment>
      <tr className={reason === null ? '' : 'has-reason'}>
        <td className="mono">
          <Link className="strong" to="/networks/$network" params={{ network: name }}>
            {name}
          </Link>
          <div className="narrow-only second">{suffix}</div>
        </td>
        <td className="mono second wide-only">{suffix}</td>
        <td>
          <State of={status} />
        </td>
        <td className="mono number wide-only">{version}</td>
        <td>
          <span className="unbroken">
            <Ticks agents={ticksOf(network)} />
            <span className="mono">
              {applied.confirmed}/{applied.expected}
            </span>
          </span>
          <div className="narrow-only mono third">v{version}</div>
        </td>
        <td className="mono number wide-only">{network.sandboxes}</td>
        <td className="mono number wide-only">{network.aliases}</td>
        <td className="mono number wide-only">{network.rules}</td>
        <td className="second wide-only">{lastChange(network)}</td>
      </tr>
      {reason !== null && (
        <tr className="reason">
          <td className="wide-only" />
          <td className="wide-only" />
          <td colSpan={7} className="remark">
            <Phrased of={reason} />
            {late.length > 0 && (
              <>
                {'. '}
                <Link to="/networks/$network/members" params={{ network: name }} hash="let-through">
                  {late.length === 1 ? 'See what it may still let through' : 'See what they may still let through'}
                </Link>
              </>
            )}
          </td>
        </tr>
      )}
    </Fragment>
  );
}

/** Agents that acknowledged are only counted, the others are named; these come last. */
export function ticksOf({ applied }: Network): readonly { readonly id: string; readonly state: string }[] {
  const confirmed = Array.from({ length: applied.confirmed }, (_, place) => ({
    id: `applied ${place}`,
    state: 'SYNCED',
  }));
  return [...confirmed, ...applied.missing.map(({ agentId, status }) => ({ id: agentId, state: status }))];
}

function lastChange({ applied, lastChange: change }: Network): string {
  const at = clockTime(Date.parse(change.at), Date.now());
  const [first] = applied.missing;
  if (first !== undefined) return `${at}, waiting for ${first.agentId}`;
  if (applied.expected === 0 || applied.elapsedMs === null) return at;
  return `${at}, ${applied.elapsedMs} ms, ${applied.flowsCut} cut`;
}

const MOST_NAMED = 3;

function reasonOf(network: Network): Phrase | null {
  const { applied, lastChange: change, unreadable, quarantinedSince } = network;
  if (unreadable !== null) return [unreadable.message];
  if (quarantinedSince !== null) {
    return phrase`Cut off by an admin in ${typed(`v${quarantinedSince}`)}: no agent serves it until an admin lifts that.`;
  }
  if (applied.missing.length === 0) return null;
  const shown = applied.missing.slice(0, MOST_NAMED);
  const named = shown.flatMap(({ agentId, appliedVersion, reason }, place) => {
    const held = appliedVersion === null ? ['has applied no version'] : phrase`has ${typed(`v${appliedVersion}`)}`;
    return phrase`${place === 0 ? '' : '; '}${typed(agentId)} ${held}${reason === null ? '' : `: ${reason}`}`;
  });
  const more = applied.expected - applied.confirmed - shown.length;
  const last = phrase`${typed(`v${network.version}`)}: ${typed(change.summary)}`;
  return phrase`${named}${more > 0 ? `; and ${more} more` : ''}. ${last}`;
}
