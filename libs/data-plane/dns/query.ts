import {
  CLASS_IN,
  FLAG,
  HEADER_BYTES,
  MAX_LABEL_BYTES,
  MAX_NAME_BYTES,
  RCODE,
  RECORD_TAIL_BYTES,
  TYPE,
} from './protocol.js';

/** Content of a query's OPT record (RFC 6891 section 6.1). */
export interface Edns {
  readonly payloadBytes: number;
  readonly dnssecOk: boolean;
}

/** A query that is safe to answer: one question, and every count and length fits the packet. */
export interface Query {
  readonly kind: 'query';
  /** Offsets in the packet: of the octet after the name, of the last label, and of the label before (0: none). */
  readonly nameEnd: number;
  readonly lastLabel: number;
  readonly secondLastLabel: number;
  readonly type: number;
  /** Offset in the packet of the first octet after the question. */
  readonly questionEnd: number;
  readonly edns: Edns | null;
}

/** A packet that gets an error or no answer. `questionEnd` 0: the question is not echoed. */
export type Rejection =
  | { readonly kind: 'drop' }
  | {
      readonly kind: 'reject';
      readonly rcode: number;
      readonly questionEnd: number;
      readonly edns: Edns | null;
    };

const DROP: Rejection = { kind: 'drop' };
const FORMAT_ERROR: Rejection = { kind: 'reject', rcode: RCODE.FORMERR, questionEnd: 0, edns: null };
const NOT_IMPLEMENTED: Rejection = { kind: 'reject', rcode: RCODE.NOTIMP, questionEnd: 0, edns: null };

const OPCODE_MASK = 0x78;
const QUESTION_TAIL_BYTES = 4;

/**
 * Reads a query. Work is bounded by the packet's length, whatever its counts claim. Never throws. Responses are
 * dropped, so that two servers cannot be made to answer each other. A query has exactly one question (RFC 9619),
 * without compression, and no answers.
 */
export function readQuery(packet: Buffer): Query | Rejection {
  const length = packet.length;
  if (length < HEADER_BYTES) return DROP;
  const flags = packet[2] ?? 0;
  if ((flags & FLAG.RESPONSE) !== 0) return DROP;
  if ((flags & OPCODE_MASK) !== 0) return NOT_IMPLEMENTED;
  if (uint16(packet, 4) !== 1 || uint16(packet, 6) !== 0 || uint16(packet, 8) !== 0) return FORMAT_ERROR;

  let offset = HEADER_BYTES;
  let last = 0;
  let secondLast = 0;
  for (;;) {
    const labelBytes = packet[offset] ?? MAX_LABEL_BYTES + 1;
    if (labelBytes === 0) break;
    if (labelBytes > MAX_LABEL_BYTES) return FORMAT_ERROR;
    secondLast = last;
    last = offset;
    offset += labelBytes + 1;
  }
  const nameEnd = offset + 1;
  const questionEnd = nameEnd + QUESTION_TAIL_BYTES;
  if (nameEnd - HEADER_BYTES > MAX_NAME_BYTES || questionEnd > length) return FORMAT_ERROR;

  const additionals = uint16(packet, 10);
  const edns = additionals === 0 ? (questionEnd === length ? null : 'malformed') : readAdditionals(packet, questionEnd);
  if (edns === 'malformed') return FORMAT_ERROR;
  if (edns === 'unknown-version') {
    return { kind: 'reject', rcode: RCODE.BADVERS, questionEnd, edns: { payloadBytes: 0, dnssecOk: false } };
  }
  const type = uint16(packet, nameEnd);
  if (uint16(packet, nameEnd + 2) !== CLASS_IN || type === TYPE.AXFR || type === TYPE.IXFR) {
    return { kind: 'reject', rcode: RCODE.REFUSED, questionEnd, edns };
  }
  if (type === TYPE.OPT) return FORMAT_ERROR;
  return {
    kind: 'query',
    nameEnd,
    lastLabel: last,
    secondLastLabel: secondLast,
    type,
    questionEnd,
    edns,
  };
}

/** Reads the additional section: at most one OPT, owned by the root, and no bytes after the last record. */
function readAdditionals(packet: Buffer, start: number): Edns | null | 'malformed' | 'unknown-version' {
  let offset = start;
  let edns: Edns | null = null;
  let version = 0;
  for (let left = uint16(packet, 10); left > 0; left -= 1) {
    const nameEnd = skipName(packet, offset);
    if (nameEnd < 0 || nameEnd + RECORD_TAIL_BYTES > packet.length) return 'malformed';
    if (uint16(packet, nameEnd) === TYPE.OPT) {
      if (edns !== null || nameEnd !== offset + 1) return 'malformed';
      edns = { payloadBytes: uint16(packet, nameEnd + 2), dnssecOk: ((packet[nameEnd + 6] ?? 0) & 0x80) !== 0 };
      version = packet[nameEnd + 5] ?? 0;
    }
    offset = nameEnd + RECORD_TAIL_BYTES + uint16(packet, nameEnd + 8);
    if (offset > packet.length) return 'malformed';
  }
  if (offset !== packet.length) return 'malformed';
  return version === 0 ? edns : 'unknown-version';
}

/**
 * The offset after the name at `start`, or -1. A compression pointer (RFC 1035 section 4.1.4) ends the name and is not
 * followed.
 */
export function skipName(packet: Buffer, start: number): number {
  let offset = start;
  while (offset < packet.length && offset - start < MAX_NAME_BYTES) {
    const labelBytes = packet[offset] ?? 0;
    if (labelBytes === 0) return offset + 1;
    if (labelBytes >= 0xc0) return offset + 2 <= packet.length ? offset + 2 : -1;
    if (labelBytes > MAX_LABEL_BYTES) return -1;
    offset += labelBytes + 1;
  }
  return -1;
}

/** Big-endian 16 bits; octets past the end read as 0. */
export function uint16(packet: Buffer, offset: number): number {
  return ((packet[offset] ?? 0) << 8) | (packet[offset + 1] ?? 0);
}
