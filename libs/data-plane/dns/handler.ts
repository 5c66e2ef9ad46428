import { type AliasChain, chainReply } from './alias-chain.js';
import type { CounterName } from './counters.js';
import { ABSENT } from './kept-answers.js';
import type { OutsideAnswers } from './outside-answers.js';
import { askedName } from './outside-patterns.js';
import { EXTENDED_ERROR, FLAG, PLAIN_UDP_BYTES, RCODE, UDP_PAYLOAD_BYTES } from './protocol.js';
import { type Query, readQuery } from './query.js';
import type { RateLimit } from './rate-limit.js';
import { bareReply, type Reply, writeReply } from './responses.js';
import type { ReverseNames } from './reverse-names.js';
import { isSearchedName } from './searched-name.js';
import type { Upstream, UpstreamFailure } from './upstream.js';
import { type ClientZones, isComplete, lookUp, REFUSED, type ZoneIndex } from './zone-index.js';

export type Transport = 'udp' | 'tcp';

/** The answer; null: none is sent; a promise if others have to be asked for it. */
export type Handled = Buffer | null | Promise<Buffer>;

export interface Handler {
  handle(packet: Buffer, source: string, transport: Transport): Handled;
}

export interface HandlerParts {
  /** The current zone. */
  readonly zone: () => ZoneIndex;
  /** Names outside that rules allow; null: there are no such rules. */
  readonly outside: OutsideAnswers | null;
  /** Resolves all other names outside; null: those do not exist. */
  readonly upstream: Upstream | null;
  /** Called for each query for a name outside that no rule allows the client. */
  readonly denied: (source: string, name: string) => void;
  readonly reverseNames: ReverseNames;
  readonly rateLimit: RateLimit;
  readonly count: (name: CounterName) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const SERVER_FAILURES: Readonly<Record<UpstreamFailure, Reply>> = {
  silent: bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NO_REACHABLE_AUTHORITY),
  late: bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NETWORK_ERROR),
  busy: bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.OTHER),
  inconclusive: bareReply(RCODE.SERVFAIL),
};
const NOT_NOW = bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);
const BLOCKED = bareReply(RCODE.REFUSED, EXTENDED_ERROR.BLOCKED);
const NO_RECORDS = bareReply(RCODE.NOERROR);

/** Handles one packet with at most one answer, for every kind of socket. No content of a packet makes it throw. */
export function createHandler(parts: HandlerParts): Handler {
  const { zone, outside, upstream, denied, reverseNames, rateLimit, count, now } = parts;
  const recursionAvailable = upstream !== null || outside !== null;

  function write(packet: Buffer, query: Query, reply: Reply): Buffer {
    return writeReply(packet, query.questionEnd, query.edns, reply, recursionAvailable);
  }

  /** Answers for a name outside the suffix. */
  function answerOutside(
    client: ClientZones,
    packet: Buffer,
    query: Query,
    source: string,
    maxBytes: number,
  ): Buffer | Promise<Buffer> {
    if (isSearchedName(zone(), client, packet, query)) return write(packet, query, ABSENT);
    const allowed = outside?.answer(zone(), source, packet, query) ?? null;
    if (allowed !== null) return allowed.then((reply) => writeOutside(packet, query, source, reply));
    if (upstream !== null) return forward(upstream, packet, query, source, maxBytes);
    if (query.lastLabel === 0) return write(packet, query, NO_RECORDS);
    // A rule of a network that is still to be loaded may allow it.
    if (outside !== null && !isComplete(client)) return write(packet, query, NOT_NOW);
    tellDenied(source, packet, query);
    return write(packet, query, ABSENT);
  }

  function writeOutside(packet: Buffer, query: Query, source: string, reply: Reply): Buffer {
    if (reply === ABSENT) tellDenied(source, packet, query);
    return write(packet, query, reply);
  }

  function tellDenied(source: string, packet: Buffer, query: Query): void {
    const name = askedName(packet, query);
    if (name !== null) denied(source, name);
  }

  async function forward(asked: Upstream, packet: Buffer, query: Query, source: string, maxBytes: number) {
    const answer = await asked.ask(packet, query, source);
    switch (answer.kind) {
      case 'answer':
        return fitting(answer.message, packet, query, maxBytes);
      case 'alias':
        return fitting(write(packet, query, aliasReply(answer.chain, query, source)), packet, query, maxBytes);
      case 'truncated':
        return truncated(packet, query);
      case 'forbidden':
        count('upstreamDropped');
        return write(packet, query, BLOCKED);
      case 'failed':
        count('upstreamFailures');
        return write(packet, query, SERVER_FAILURES[answer.reason]);
    }
  }

  /** Uses the current zone, in which the client may be unknown by now. */
  function aliasReply(chain: AliasChain, query: Query, source: string): Reply {
    const index = zone();
    const client = index.clients.get(source);
    const target = readQuery(chain.packet);
    const alias = client === undefined || target.kind !== 'query' ? null : lookUp(index, client, chain.packet, target);
    return alias === null ? REFUSED : chainReply(chain, alias, query);
  }

  function fitting(answer: Buffer, packet: Buffer, query: Query, maxBytes: number): Buffer {
    return answer.length <= maxBytes ? answer : truncated(packet, query);
  }

  function truncated(packet: Buffer, query: Query): Buffer {
    const cut = write(packet, query, NO_RECORDS);
    cut[2] = (cut[2] ?? 0) | FLAG.TRUNCATED;
    return cut;
  }

  return {
    handle(packet, source, transport) {
      count('queries');
      if (!rateLimit.take(source, now())) {
        count('rateLimited');
        return null;
      }
      const query = readQuery(packet);
      if (query.kind === 'drop') {
        count('malformed');
        return null;
      }
      if (query.kind === 'reject') {
        if (query.rcode === RCODE.FORMERR) count('malformed');
        if (query.rcode === RCODE.REFUSED) count('refused');
        return writeReply(packet, query.questionEnd, query.edns, bareReply(query.rcode), recursionAvailable);
      }
      const index = zone();
      const client = index.clients.get(source);
      // Before the first zone no client is known; refusing would be wrong for those that will be.
      if (client === undefined && index.revision === 0) return null;
      if (client === undefined) {
        count('refused');
        return write(packet, query, REFUSED);
      }
      const inside = lookUp(index, client, packet, query);
      // An answer is kept only for a client and zone for which the name passed the checks below.
      const known = inside === null ? (outside?.known(index, source, packet, query) ?? null) : null;
      if (known !== null) return writeOutside(packet, query, source, known);
      const reply = inside ?? reverseNames.lookUp(index, client, packet, query);
      const maxBytes = transport === 'tcp' ? 65_535 : udpLimit(query);
      if (reply === null) return answerOutside(client, packet, query, source, maxBytes);
      return fitting(write(packet, query, reply), packet, query, maxBytes);
    },
  };
}

/** The answer size that this client accepts over UDP (RFC 6891 section 6.2.3), at most what fits every path. */
function udpLimit(query: Query): number {
  if (query.edns === null) return PLAIN_UDP_BYTES;
  return Math.min(UDP_PAYLOAD_BYTES, Math.max(PLAIN_UDP_BYTES, query.edns.payloadBytes));
}
