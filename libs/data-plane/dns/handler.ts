import type { CounterName } from './counters.js';
import { FLAG, PLAIN_UDP_BYTES, RCODE, UDP_PAYLOAD_BYTES } from './protocol.js';
import { type Query, readQuery } from './query.js';
import type { RateLimit } from './rate-limit.js';
import { bareReply, MAX_LOCAL_ANSWER_BYTES, type Reply, writeReply } from './responses.js';
import type { Upstream } from './upstream.js';
import { lookUp, REFUSED, type ZoneIndex } from './zone-index.js';

export type Transport = 'udp' | 'tcp';

/** How many octets were written into `out` (0: no answer is due), or an answer that others are asked for. */
export type Handled = number | Promise<Buffer>;

export interface Handler {
  handle(packet: Buffer, source: string, transport: Transport, out: Buffer): Handled;
}

export interface HandlerParts {
  /** The zone served now. */
  readonly zone: () => ZoneIndex;
  /** null: names outside the suffix are REFUSED. */
  readonly upstream: Upstream | null;
  readonly rateLimit: RateLimit;
  readonly count: (name: CounterName) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const SERVER_FAILURE = bareReply(RCODE.SERVFAIL);
const NO_RECORDS = bareReply(RCODE.NOERROR);

/**
 * One packet in, at most one answer out, the same for every socket; `out` has room for MAX_LOCAL_ANSWER_BYTES.
 * Nothing that a packet holds makes it throw.
 */
export function createHandler(parts: HandlerParts): Handler {
  const { zone, upstream, rateLimit, count, now } = parts;
  const recursionAvailable = upstream !== null;

  function write(out: Buffer, packet: Buffer, query: Query, reply: Reply): number {
    return writeReply(out, packet, query.questionEnd, query.edns, reply, recursionAvailable);
  }

  async function forward(asked: Upstream, packet: Buffer, query: Query, source: string, maxBytes: number) {
    const answer = await asked.ask(packet, query, source);
    if (answer.kind === 'answer' && answer.message.length <= maxBytes) return answer.message;
    const out = Buffer.allocUnsafe(MAX_LOCAL_ANSWER_BYTES);
    switch (answer.kind) {
      case 'answer': {
        const length = write(out, packet, query, NO_RECORDS);
        out[2] = (out[2] ?? 0) | FLAG.TRUNCATED;
        return out.subarray(0, length);
      }
      case 'forbidden':
        count('upstreamDropped');
        return out.subarray(0, write(out, packet, query, REFUSED));
      case 'failed':
        count('upstreamFailures');
        return out.subarray(0, write(out, packet, query, SERVER_FAILURE));
    }
  }

  return {
    handle(packet, source, transport, out) {
      count('queries');
      if (!rateLimit.take(source, now())) {
        count('rateLimited');
        return 0;
      }
      const query = readQuery(packet);
      if (query.kind === 'drop') {
        count('malformed');
        return 0;
      }
      if (query.kind === 'reject') {
        if (query.rcode === RCODE.FORMERR) count('malformed');
        if (query.rcode === RCODE.REFUSED) count('refused');
        return writeReply(out, packet, query.questionEnd, query.edns, bareReply(query.rcode), recursionAvailable);
      }
      const index = zone();
      const networks = index.clients.get(source);
      const reply = networks === undefined ? REFUSED : lookUp(index, networks, query);
      if (reply === null && upstream !== null) {
        return forward(upstream, packet, query, source, transport === 'tcp' ? 65_535 : udpLimit(query));
      }
      if (reply === null || reply === REFUSED) count('refused');
      return write(out, packet, query, reply ?? REFUSED);
    },
  };
}

/** What this client takes over UDP (RFC 6891 section 6.2.3), and never more than fits every path. */
function udpLimit(query: Query): number {
  if (query.edns === null) return PLAIN_UDP_BYTES;
  return Math.min(UDP_PAYLOAD_BYTES, Math.max(PLAIN_UDP_BYTES, query.edns.payloadBytes));
}
