import type { ReactNode } from 'react';
import type { AgentStatus } from '../api/shapes.js';
import { liveState, useIsLive, useObserved } from '../live/live-state.js';
import { Contact } from '../members/contact.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Said } from '../vocabulary/state.js';
import { Ticks } from '../vocabulary/ticks.js';
import { clockTime } from '../vocabulary/times.js';
import { edgeOf, type Word, wordOf } from '../vocabulary/words.js';

export interface Proof {
  readonly network: string;
  readonly version: number;
  readonly confirmed: number;
  readonly expected: number;
  readonly elapsedMs: number | null;
  readonly flowsCut: number;
  readonly agents: readonly Pick<
    AgentStatus,
    'agentId' | 'status' | 'appliedVersion' | 'reason' | 'flowsCut' | 'tookMs'
  >[];
}

interface Props {
  readonly word: Word;
  readonly proof: Proof;
  readonly summary: string;
  readonly at: number;
  readonly children?: ReactNode;
  readonly dismiss?: (() => void) | undefined;
}

/**
 * The agents' acknowledgements of one version: how many, how soon, how many connections were cut, and which agents are
 * missing.
 */
export function Receipt({ word, proof, summary, at, children, dismiss }: Props) {
  const live = useObserved(liveState);
  const isLive = useIsLive();
  const since = live.kind === 'not-live' ? live.since : at;
  const isProven = proof.confirmed >= proof.expected;
  const { network } = proof;
  const missing = proof.agents.filter(({ status }) => status !== 'SYNCED');
  const shown = isLive ? word : { ...wordOf('UNKNOWN'), text: `as of ${clockTime(since, Date.now())}` };
  return (
    <section className={`receipt ${edgeOf(shown.tone)}`} aria-label="Last change">
      <div className="summary">
        <Said word={shown} />
        <span className="mono strong">v{proof.version}</span>
        {proof.expected === 0 && <span>no agent takes part yet, so nobody has to apply it</span>}
        {proof.expected > 0 && (
          <span>
            <Ticks agents={proof.agents.map(({ agentId, status }) => ({ id: agentId, state: status }))} />
            {isLive ? '' : 'was '}applied by{' '}
            <b className="mono">
              {proof.confirmed}/{proof.expected}
            </b>{' '}
            agents{isProven && proof.elapsedMs !== null && isLive ? ` in ${milliseconds(proof.elapsedMs)}` : ''}
          </span>
        )}
        {isLive && proof.expected > 0 && (
          <span>
            <b className="mono">{proof.flowsCut}</b> open {proof.flowsCut === 1 ? 'connection' : 'connections'} cut
            {isProven ? '' : ' so far'}
          </span>
        )}
        {!isLive && <span>what holds now is not known</span>}
        {isLive && missing.length > 0 && (
          <span>
            waiting for <b className="mono">{namesOf(missing)}</b>
          </span>
        )}
        <span className="end remark anywhere">
          {clockTime(at, Date.now())} <span className="mono">{summary}</span>
        </span>
        {dismiss !== undefined && (
          <button type="button" className="copy" onClick={dismiss}>
            dismiss
          </button>
        )}
      </div>
      {isLive && missing.length > 0 && (
        <div className="details">
          <AgentProofs proof={proof} />
          <p>
            <b>Written, and not proven yet.</b> Agents shown as applied enforce it. What{' '}
            <span className="mono">{namesOf(missing)}</span> does is not known until it acknowledges; this turns to{' '}
            {proof.expected}/{proof.expected} by itself.
          </p>
          <CommandLine words={['network', 'status', network, '--watch']} />
        </div>
      )}
      {children}
    </section>
  );
}

const MOST_NAMES = 3;

function namesOf(agents: readonly { readonly agentId: string }[]): string {
  const names = agents.slice(0, MOST_NAMES).map(({ agentId }) => agentId);
  const more = agents.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} more` : names.join(', ');
}

function milliseconds(value: number): string {
  return value < 10_000 ? `${value} ms` : `${Math.round(value / 1_000)} s`;
}

const MOST_ROWS = 20;

function knownOf({ status, reason }: Proof['agents'][number]): string {
  if (reason !== null) return reason;
  return status === 'SYNCED' ? 'It refuses what this version denies' : 'It has not acknowledged this version';
}

function AgentProofs({ proof }: { readonly proof: Proof }) {
  const first = (status: string): number => (status === 'SYNCED' ? 1 : 0);
  const rows = [...proof.agents].sort((a, b) => first(a.status) - first(b.status)).slice(0, MOST_ROWS);
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">State</th>
          <th scope="col">Version</th>
          <th scope="col" className="number wide-only">
            Took
          </th>
          <th scope="col" className="number">
            Cut
          </th>
          <th scope="col" className="wide-only">
            What is known
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((agent) => {
          const applied = agent.status === 'SYNCED';
          return (
            <tr key={agent.agentId}>
              <td className="mono strong">{agent.agentId}</td>
              <td>
                <Said word={applied ? { ...wordOf('SYNCED'), text: 'applied' } : wordOf(agent.status)} />
              </td>
              <td className="mono">{agent.appliedVersion ?? 'none'}</td>
              <td className="mono number wide-only">{agent.tookMs == null ? '' : milliseconds(agent.tookMs)}</td>
              <td className="mono number">{applied ? (agent.flowsCut ?? '?') : '?'}</td>
              <td className="remark wide-only">
                {knownOf(agent)}. Last contact <Contact agentId={agent.agentId} />
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
