import { type AliasChain, readAliasChain } from './alias-chain.js';
import type { Endpoint } from './endpoint.js';
import { createFairQueue } from './fair-queue.js';
import type { DnsLimits } from './limits.js';
import type { Query } from './query.js';
import { createResolver } from './resolver.js';
import { addressToClient, isConclusive, isTruncated, readAnswer } from './upstream-message.js';

/**
 * Why there is no answer: every resolver is known to be silent, none answered in time, too many questions wait, or no
 * answer settles the question.
 */
export type UpstreamFailure = 'silent' | 'late' | 'busy' | 'inconclusive';

export type UpstreamAnswer =
  | { readonly kind: 'answer'; readonly message: Buffer }
  /** The name is a CNAME of an alias, whose records are in the zone. */
  | { readonly kind: 'alias'; readonly chain: AliasChain }
  /** The answer is too long for UDP, and could not be fetched over TCP. */
  | { readonly kind: 'truncated' }
  /** The answer contains an address in a range that is forbidden for outside names. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed'; readonly reason: UpstreamFailure };

/** Forwards questions for names outside the suffix to resolvers. */
export interface Upstream {
  /** An answer for the client (with its id and spelling), of any size. Never rejects. */
  ask(packet: Buffer, query: Query, source: string): Promise<UpstreamAnswer>;
  /** Gives up all questions in progress. */
  close(): void;
}

export interface UpstreamParts {
  /** At least one, in order of preference. */
  readonly servers: readonly Endpoint[];
  readonly isForbidden: (address: string) => boolean;
  /** A random, unpredictable id from 0 to 65535. */
  readonly randomId: () => number;
  readonly limits: DnsLimits;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Called when a resolver stops answering, and when it answers again. */
  readonly changed: (server: Endpoint, isSilent: boolean) => void;
}

/** An unanswered question is asked again, because a packet may be lost. */
const MOST_TRIES = 3;
const LEAST_TRIES = 2;

/**
 * Asks the resolver that answered last first, and the next one if it fails. Silent resolvers are skipped. Sources take
 * turns, however much the others ask.
 */
export function createUpstream(parts: UpstreamParts): Upstream {
  const { servers, isForbidden, limits, now } = parts;
  const resolvers = servers.map((endpoint) =>
    createResolver({ ...parts, endpoint, changed: (isSilent) => parts.changed(endpoint, isSilent) }),
  );
  const queue = createFairQueue({
    running: limits.upstreamInFlight,
    waiting: limits.upstreamWaiting,
    waitMs: limits.upstreamWaitMs,
  });
  const tries = Math.min(MOST_TRIES, Math.max(LEAST_TRIES, servers.length));
  let preferred = 0;

  const areSilent = (): boolean => resolvers.every((resolver) => resolver.isSilent());

  function judge(message: Buffer, packet: Buffer, query: Query): UpstreamAnswer {
    const contents = readAnswer(message, query.questionEnd);
    const chain = readAliasChain(message, query);
    // Whatever the code: a resolver that follows the chain itself reports that the alias does not exist, or fails.
    if (chain !== null) return { kind: 'alias', chain };
    if (contents === null && isTruncated(message)) return { kind: 'truncated' };
    if (contents === null || !isConclusive(message)) return { kind: 'failed', reason: 'inconclusive' };
    if (contents.addresses.some(isForbidden)) return { kind: 'forbidden' };
    addressToClient(message, packet, query, contents.optOffset);
    return { kind: 'answer', message };
  }

  async function askInTurn(packet: Buffer, query: Query, deadline: number): Promise<UpstreamAnswer> {
    const first = preferred;
    const answered = new Set<number>();
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const index = (first + attempt) % resolvers.length;
      const resolver = resolvers[index];
      const leftMs = Math.min(limits.upstreamTimeoutMs, deadline - now());
      // A resolver that has answered would only repeat its answer.
      if (resolver === undefined || resolver.isSilent() || answered.has(index) || leftMs <= 0) continue;
      const message = await resolver.ask(packet, query, leftMs);
      if (message === null) continue;
      answered.add(index);
      const answer = judge(message, packet, query);
      if (answer.kind === 'failed') continue;
      preferred = index;
      return answer;
    }
    if (answered.size > 0) return { kind: 'failed', reason: 'inconclusive' };
    return { kind: 'failed', reason: areSilent() ? 'silent' : 'late' };
  }

  return {
    async ask(packet, query, source) {
      if (areSilent()) return { kind: 'failed', reason: 'silent' };
      const deadline = now() + limits.upstreamAnswerMs;
      const answer = await queue.run(source, () => askInTurn(packet, query, deadline));
      if (answer === 'full' || answer === 'late') return { kind: 'failed', reason: 'busy' };
      return answer;
    },
    close() {
      queue.close();
      for (const resolver of resolvers) resolver.close();
    },
  };
}
