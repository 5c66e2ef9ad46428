import { isIPv6 } from 'node:net';
import { type Answer, encode } from 'dns-packet';
import { FLAG, HEADER_BYTES, RCODE, TYPE, UDP_PAYLOAD_BYTES } from './protocol.js';
import type { Edns } from './query.js';

export const POSITIVE_TTL_SECONDS = 5;
/** The SOA's minimum, which bounds how long an absence is remembered: RFC 2308 section 5. */
export const NEGATIVE_TTL_SECONDS = 1;

/** The part of an answer that follows the question, encoded once and copied into each answer that says it. */
export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: number;
  readonly authorities: number;
  readonly records: Buffer;
}

const EMPTY = Buffer.alloc(0);
const OPT_BYTES = 11;
/** Room for the longest answer made here: question, SOA with two names of a network, OPT. */
export const MAX_LOCAL_ANSWER_BYTES = 768;

/** An answer without records; REFUSED and SERVFAIL are never authoritative. */
export function bareReply(rcode: number): Reply {
  return { rcode, authoritative: false, answers: 0, authorities: 0, records: EMPTY };
}

/** The address record of whichever family `address` is; its owner is the name asked, in the spelling asked. */
export function addressReply(address: string): Reply {
  const type = isIPv6(address) ? 'AAAA' : 'A';
  return answerReply({ type, name: '.', ttl: POSITIVE_TTL_SECONDS, data: address });
}

/** RFC 6303 section 3: a zone that only this server knows names itself as its server and nobody as its owner. */
export function serverReply(zone: string): Reply {
  return answerReply({ type: 'NS', name: '.', ttl: POSITIVE_TTL_SECONDS, data: zone });
}

export function authorityReply(zone: string, serial: number): Reply {
  return answerReply({ ...startOfAuthority(zone, serial), name: '.' });
}

/** NXDOMAIN, or with NOERROR "the name exists, this type does not": RFC 2308 sections 2.1 and 2.2. */
export function absenceReply(rcode: number, zone: string, serial: number): Reply {
  const records = encodeRecords({ authorities: [startOfAuthority(zone, serial)] });
  return { rcode, authoritative: true, answers: 0, authorities: 1, records };
}

function startOfAuthority(zone: string, serial: number) {
  return {
    type: 'SOA' as const,
    name: zone,
    ttl: NEGATIVE_TTL_SECONDS,
    data: {
      mname: zone,
      rname: 'nobody.invalid',
      serial,
      refresh: 60,
      retry: 10,
      expire: 3600,
      minimum: NEGATIVE_TTL_SECONDS,
    },
  };
}

/** The root as owner is one octet; a pointer to the question (RFC 1035 section 4.1.4) takes its place. */
function answerReply(answer: Answer): Reply {
  const encoded = encodeRecords({ answers: [answer] });
  const records = Buffer.concat([Buffer.of(0xc0, HEADER_BYTES), encoded.subarray(1)]);
  return { rcode: RCODE.NOERROR, authoritative: true, answers: 1, authorities: 0, records };
}

function encodeRecords(sections: { answers?: Answer[]; authorities?: Answer[] }): Buffer {
  return encode({ type: 'response', ...sections }).subarray(HEADER_BYTES);
}

/**
 * Writes the whole answer to `packet` into `out` and returns its length. The question is copied as it was asked,
 * so that its spelling survives (clients use it as a nonce). `questionEnd` 0: no question is echoed.
 */
export function writeReply(
  out: Buffer,
  packet: Buffer,
  questionEnd: number,
  edns: Edns | null,
  reply: Reply,
  recursionAvailable: boolean,
): number {
  const head = questionEnd === 0 ? HEADER_BYTES : questionEnd;
  for (let index = 0; index < head; index += 1) out[index] = packet[index] ?? 0;
  const { records } = reply;
  for (let index = 0; index < records.length; index += 1) out[head + index] = records[index] ?? 0;
  const asked = packet[2] ?? 0;
  // Opcode and RD are the client's own.
  out[2] = FLAG.RESPONSE | (asked & 0x79) | (reply.authoritative ? FLAG.AUTHORITATIVE : 0);
  out[3] =
    (recursionAvailable ? FLAG.RECURSION_AVAILABLE : 0) |
    ((packet[3] ?? 0) & FLAG.CHECKING_DISABLED) |
    (reply.rcode & 0x0f);
  out[4] = 0;
  out[5] = questionEnd === 0 ? 0 : 1;
  out[6] = 0;
  out[7] = reply.answers;
  out[8] = 0;
  out[9] = reply.authorities;
  out[10] = 0;
  out[11] = 0;
  const end = head + records.length;
  return edns === null ? end : writeOpt(out, end, edns, reply.rcode);
}

/** Appends our OPT record, RFC 6891 section 6.1.2, and counts it; the DO bit is echoed (RFC 3225 section 3). */
function writeOpt(out: Buffer, offset: number, edns: Edns, rcode: number): number {
  out[11] = 1;
  out[offset] = 0;
  out[offset + 1] = 0;
  out[offset + 2] = TYPE.OPT;
  out[offset + 3] = UDP_PAYLOAD_BYTES >> 8;
  out[offset + 4] = UDP_PAYLOAD_BYTES & 0xff;
  out[offset + 5] = rcode >> 4;
  out[offset + 6] = 0;
  out[offset + 7] = edns.dnssecOk ? 0x80 : 0;
  out[offset + 8] = 0;
  out[offset + 9] = 0;
  out[offset + 10] = 0;
  return offset + OPT_BYTES;
}
