import { type Answer, encode } from 'dns-packet';
import { CLASS_IN, FLAG, HEADER_BYTES, RCODE, TYPE, UDP_PAYLOAD_BYTES } from './protocol.js';
import type { Edns } from './query.js';

export const POSITIVE_TTL_SECONDS = 5;
/** Minimum in the SOA, which limits how long a negative answer is cached (RFC 2308 section 5). */
export const NEGATIVE_TTL_SECONDS = 1;

/**
 * The part of an answer after the question, encoded once and copied into each answer: `records` from `start` to before
 * `end`.
 */
export interface Reply {
  readonly rcode: number;
  readonly authoritative: boolean;
  readonly answers: number;
  readonly authorities: number;
  readonly records: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** The RFC 8914 code for clients with EDNS; null: the rcode says enough. */
  readonly extendedError: number | null;
}

const OPT_BYTES = 11;
/** Code and length of an option (RFC 6891 section 6.1.2), and an info code without text (RFC 8914 section 2). */
const EXTENDED_ERROR_BYTES = 6;
const EXTENDED_ERROR_OPTION = 15;
const NO_RECORDS = new Uint8Array(0);

/** An answer without records. REFUSED and SERVFAIL are never authoritative. */
export function bareReply(rcode: number, extendedError: number | null = null): Reply {
  return {
    rcode,
    authoritative: false,
    answers: 0,
    authorities: 0,
    records: NO_RECORDS,
    start: 0,
    end: 0,
    extendedError,
  };
}

/** An A or AAAA record, by the family of `address`. Its owner is the question's name as the client wrote it. */
export function addressRecord(address: string): Uint8Array {
  if (address.includes(':'))
    return ownedByQuestion({ type: 'AAAA', name: '.', ttl: POSITIVE_TTL_SECONDS, data: address });
  const record = IPV4_RECORD.slice();
  record.set(address.split('.').map(Number), IPV4_RECORD.length - 4);
  return record;
}

/** The type of an encoded record whose owner takes two octets. */
export function recordType(records: Uint8Array, start: number): number {
  return ((records[start + 2] as number) << 8) | (records[start + 3] as number);
}

/** An answer with one record, in `records` from `start` to before `end`. */
export function recordReply(records: Uint8Array, start: number, end: number): Reply {
  return {
    rcode: RCODE.NOERROR,
    authoritative: true,
    answers: 1,
    authorities: 0,
    records,
    start,
    end,
    extendedError: null,
  };
}

/** An answer with one record for each item of data, all of one type below 256. */
export function recordsReply(type: number, data: readonly Uint8Array[]): Reply {
  const records = data.flatMap((each) => [
    Uint8Array.of(0xc0, HEADER_BYTES, 0, type, 0, CLASS_IN, 0, 0, 0, POSITIVE_TTL_SECONDS),
    Uint8Array.of(each.length >> 8, each.length & 0xff),
    each,
  ]);
  const all = Buffer.concat(records);
  return { ...recordReply(all, 0, all.length), answers: data.length };
}

/** The NS record of a zone that only this server knows: it names itself (RFC 6303 section 3). */
export function serverReply(zone: string): Reply {
  return answerReply({ type: 'NS', name: '.', ttl: POSITIVE_TTL_SECONDS, data: zone });
}

export function authorityReply(zone: string, serial: number): Reply {
  return answerReply({ ...startOfAuthority(zone, serial), name: '.' });
}

/** NXDOMAIN, or NODATA with NOERROR (RFC 2308 sections 2.1 and 2.2). */
export function absenceReply(rcode: number, zone: string, serial: number): Reply {
  const records = encodeRecords({ authorities: [startOfAuthority(zone, serial)] });
  const end = records.length;
  return { rcode, authoritative: true, answers: 0, authorities: 1, records, start: 0, end, extendedError: null };
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

function answerReply(answer: Answer): Reply {
  const record = ownedByQuestion(answer);
  return recordReply(record, 0, record.length);
}

/** Replaces the root owner, one octet, by a pointer to the question (RFC 1035 section 4.1.4). */
function ownedByQuestion(answer: Answer): Uint8Array {
  return Uint8Array.from([0xc0, HEADER_BYTES, ...encodeRecords({ answers: [answer] }).subarray(1)]);
}

function encodeRecords(sections: { answers?: Answer[]; authorities?: Answer[] }): Uint8Array {
  return encode({ type: 'response', ...sections }).subarray(HEADER_BYTES);
}

/** Template that is copied for each address, its last four octets: zones have thousands. */
const IPV4_RECORD = ownedByQuestion({ type: 'A', name: '.', ttl: POSITIVE_TTL_SECONDS, data: '0.0.0.0' });

/**
 * The whole answer to `packet`. The question is copied as the client wrote it, since clients use the case of letters as
 * a nonce. `questionEnd` 0: no question is echoed.
 */
export function writeReply(
  packet: Buffer,
  questionEnd: number,
  edns: Edns | null,
  reply: Reply,
  recursionAvailable: boolean,
): Buffer {
  const { records, start, extendedError } = reply;
  const count = reply.end - start;
  const head = questionEnd === 0 ? HEADER_BYTES : questionEnd;
  const end = head + count;
  const optBytes = extendedError === null ? OPT_BYTES : OPT_BYTES + EXTENDED_ERROR_BYTES;
  const out = Buffer.allocUnsafe(edns === null ? end : end + optBytes);
  // For so few octets, copy() costs more than this loop.
  for (let index = 0; index < head; index += 1) out[index] = packet[index] as number;
  for (let index = 0; index < count; index += 1) out[head + index] = records[start + index] as number;
  const asked = packet[2] as number;
  // Opcode and RD are copied from the client.
  out[2] = FLAG.RESPONSE | (asked & 0x79) | (reply.authoritative ? FLAG.AUTHORITATIVE : 0);
  out[3] =
    (recursionAvailable ? FLAG.RECURSION_AVAILABLE : 0) |
    ((packet[3] as number) & FLAG.CHECKING_DISABLED) |
    (reply.rcode & 0x0f);
  out[4] = 0;
  out[5] = questionEnd === 0 ? 0 : 1;
  out[6] = 0;
  out[7] = reply.answers;
  out[8] = 0;
  out[9] = reply.authorities;
  out[10] = 0;
  out[11] = 0;
  if (edns !== null) {
    writeOpt(out, end, edns, reply.rcode);
    if (extendedError !== null) writeExtendedError(out, end, extendedError);
  }
  return out;
}

/**
 * Writes this server's OPT record (RFC 6891 section 6.1.2) and counts it. The DO bit is echoed (RFC 3225 section 3).
 */
function writeOpt(out: Buffer, offset: number, edns: Edns, rcode: number): void {
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
}

/** Adds the option to the OPT record that begins at `offset`. */
function writeExtendedError(out: Buffer, offset: number, code: number): void {
  out.writeUInt16BE(EXTENDED_ERROR_BYTES, offset + OPT_BYTES - 2);
  out.writeUInt16BE(EXTENDED_ERROR_OPTION, offset + OPT_BYTES);
  out.writeUInt16BE(EXTENDED_ERROR_BYTES - 4, offset + OPT_BYTES + 2);
  out.writeUInt16BE(code, offset + OPT_BYTES + 4);
}
