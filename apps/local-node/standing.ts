import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { ForwardState } from '#libs/contracts/local-node-requests.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';
import type { Forward } from './forwards.js';
import type { Currency } from './last-word.js';

/** What a connection would meet up to the target's agent, found out over the live path. */
export type Look =
  | { readonly kind: 'taken' }
  /** The target's agent is reached, and is of an earlier release that cannot say more. */
  | { readonly kind: 'reached'; readonly agentId: AgentId }
  /** null: this machine refuses it. */
  | { readonly kind: 'refused'; readonly by: AgentId | null; readonly code: string }
  | { readonly kind: 'unreachable'; readonly code: string; readonly message: string };

export interface Seen {
  readonly look: Look;
  readonly at: Date;
}

export interface Surroundings {
  readonly network: string;
  readonly source: Extract<FlowSource, { kind: 'local' }>;
  /** What the flow engine decides with. */
  readonly view: NetworkView | null;
  /** False: the engine refuses everything, because this machine was out of contact for too long. */
  readonly isServed: boolean;
  readonly mesh: MeshState;
  readonly currency: Currency;
  /** null: nobody has looked yet. */
  readonly seen: Seen | null;
  /** Why the last connection of this forward was refused; null: it was not. */
  readonly lastCode: string | null;
}

export type Standing = Pick<ForwardState, 'reason'> & {
  readonly state: Exclude<ForwardState['state'], 'ended'>;
};

/**
 * Whether a connection to the forwarded port would get through now, and why not. That it fails, this machine finds out
 * by itself; `open` takes the word of the control plane too, no older than KNOWN_FOR_MS, as the look must be.
 */
export function standingOf(forward: Forward, around: Surroundings, now: Date): Standing {
  const found = refusedHere(forward, around, now) ?? fromLook(around, now);
  return found.state === 'open' ? (notCurrent(around.currency) ?? found) : found;
}

function refusedHere({ alias, port }: Forward, around: Surroundings, now: Date): Standing | null {
  const { network, source, view, isServed, mesh } = around;
  if (view === null) return { state: 'denied', reason: 'no topology has arrived yet' };
  if (evaluate(view, { source, alias, port }, now.getTime()).effect === 'deny') {
    const question = `gstacks network test ${network} local:${source.user} ${alias}:${port}`;
    return {
      state: 'denied',
      reason: `denied by policy, or not published (version ${view.version}); ask: ${question}`,
    };
  }
  if (!isServed) return { state: 'denied', reason: 'out of contact with the control plane for too long' };
  if (mesh.state !== 'joined') {
    return { state: 'unreachable', reason: `this machine is not in the mesh: ${mesh.code ?? mesh.state}` };
  }
  return null;
}

function notCurrent(currency: Currency): Standing | null {
  switch (currency.kind) {
    case 'current':
      return null;
    case 'silent':
      return { state: 'unknown', reason: `the control plane last answered at ${currency.since.toISOString()}` };
    case 'outdated':
      return {
        state: 'unknown',
        reason: `version ${currency.version} exists since ${currency.since.toISOString()} and has not arrived`,
      };
  }
}

function fromLook({ seen, lastCode }: Surroundings, now: Date): Standing {
  if (seen === null) return { state: 'unknown', reason: "the target's agent has not been asked yet" };
  const { look, at } = seen;
  if (now.getTime() - at.getTime() > KNOWN_FOR_MS) {
    return { state: 'unknown', reason: `the target's agent was last asked at ${at.toISOString()}` };
  }
  switch (look.kind) {
    case 'refused': {
      const who = look.by === null ? 'this machine' : `agent ${look.by}`;
      return { state: 'denied', reason: `${who} refuses connections: ${look.code}` };
    }
    case 'unreachable':
      return { state: 'unreachable', reason: `${look.message} (${look.code})` };
    case 'reached':
      return { state: 'open', reason: `agent ${look.agentId} runs an earlier release that cannot confirm it` };
    case 'taken': {
      // That the agent was away is over, since it answers.
      const isOver = lastCode === null || lastCode.startsWith('PEER_');
      return { state: 'open', reason: isOver ? null : `the last connection was refused: ${lastCode}` };
    }
  }
}
