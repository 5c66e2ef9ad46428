import type { Endpoint } from './endpoint.js';
import { askOverTcp, askOverUdp, ExchangeError } from './exchange.js';
import type { DnsLimits } from './limits.js';
import type { Query } from './query.js';
import {
  addressToClient,
  answersQuestion,
  isConclusive,
  isTruncated,
  readAnswer,
  upstreamQuestion,
} from './upstream-message.js';

export type UpstreamAnswer =
  | { readonly kind: 'answer'; readonly message: Buffer }
  /** The answer points into a range that outside names may not point into. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'failed' };

/** Who else to ask: the resolvers for names outside the suffix. */
export interface Upstream {
  /** An answer addressed to the client (its id, its spelling), of any size. Never rejects. */
  ask(packet: Buffer, query: Query, source: string): Promise<UpstreamAnswer>;
}

export interface UpstreamParts {
  /** At least one, best first. */
  readonly servers: readonly Endpoint[];
  readonly isForbidden: (address: string) => boolean;
  /** A random id from 0 to 65535, not to be guessed. */
  readonly randomId: () => number;
  readonly limits: Pick<DnsLimits, 'upstreamInFlight' | 'upstreamInFlightPerSource' | 'upstreamTimeoutMs'>;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
}

const MAX_TRIES = 3;
const MIN_TRIES = 2;

/** The resolver that answered last is asked first; one that fails gives way to the next. */
export function createUpstream(parts: UpstreamParts): Upstream {
  const { servers, isForbidden, randomId, limits } = parts;
  const inFlightOf = new Map<string, number>();
  let inFlight = 0;
  let preferred = 0;

  async function askOne(server: Endpoint, packet: Buffer, query: Query): Promise<UpstreamAnswer> {
    const question = upstreamQuestion(packet, query, randomId());
    const recognise = (message: Buffer): boolean => answersQuestion(message, question, query.questionEnd);
    const deadline = AbortSignal.any([parts.signal, AbortSignal.timeout(limits.upstreamTimeoutMs)]);
    let message = await askOverUdp(server, question, recognise, deadline);
    if (isTruncated(message)) message = await askOverTcp(server, question, recognise, deadline);
    const contents = readAnswer(message, query.questionEnd);
    if (contents === null || !isConclusive(message)) return { kind: 'failed' };
    if (contents.addresses.some(isForbidden)) return { kind: 'forbidden' };
    addressToClient(message, packet, query, contents.optOffset);
    return { kind: 'answer', message };
  }

  async function askInTurn(packet: Buffer, query: Query): Promise<UpstreamAnswer> {
    const first = preferred;
    const tries = Math.min(MAX_TRIES, Math.max(MIN_TRIES, servers.length));
    for (let attempt = 0; attempt < tries && !parts.signal.aborted; attempt += 1) {
      const index = (first + attempt) % servers.length;
      const server = servers[index];
      if (server === undefined) break;
      const answer = await askOne(server, packet, query).catch((error: unknown): UpstreamAnswer => {
        if (error instanceof ExchangeError) return { kind: 'failed' };
        throw error;
      });
      if (answer.kind === 'failed') continue;
      preferred = index;
      return answer;
    }
    return { kind: 'failed' };
  }

  return {
    async ask(packet, query, source) {
      const ofSource = inFlightOf.get(source) ?? 0;
      if (inFlight >= limits.upstreamInFlight || ofSource >= limits.upstreamInFlightPerSource) {
        return { kind: 'failed' };
      }
      inFlight += 1;
      inFlightOf.set(source, ofSource + 1);
      try {
        return await askInTurn(packet, query);
      } finally {
        inFlight -= 1;
        const left = (inFlightOf.get(source) ?? 1) - 1;
        if (left === 0) inFlightOf.delete(source);
        else inFlightOf.set(source, left);
      }
    },
  };
}
