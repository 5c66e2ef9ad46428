import { CLASS_IN, FLAG, HEADER_BYTES, RCODE, RECORD_TAIL_BYTES, TYPE, UDP_PAYLOAD_BYTES } from './protocol.js';
import { type Query, skipName, uint16 } from './query.js';

const OPT_BYTES = 11;
/**
 * The question that this server asks for the client: with its own id and without the client's options, which are
 * between neighbours only (RFC 6891 section 6.1.1). With EDNS if the client uses it, so that the answer fits the
 * client.
 */
export function upstreamQuestion(packet: Buffer, query: Query, id: number): Buffer {
  const message = Buffer.alloc(query.questionEnd + (query.edns === null ? 0 : OPT_BYTES));
  packet.copy(message, 0, 0, query.questionEnd);
  message.writeUInt16BE(id, 0);
  message[2] = (packet[2] ?? 0) & FLAG.RECURSION_DESIRED;
  message[3] = (packet[3] ?? 0) & FLAG.CHECKING_DISABLED;
  message.writeUInt16BE(query.edns === null ? 0 : 1, 10);
  if (query.edns !== null) {
    message.writeUInt16BE(TYPE.OPT, query.questionEnd + 1);
    message.writeUInt16BE(UDP_PAYLOAD_BYTES, query.questionEnd + 3);
    message[query.questionEnd + 7] = query.edns.dnssecOk ? 0x80 : 0;
  }
  return message;
}

/** Asks for the servers of the root, which every resolver knows without asking others. */
export function probeQuestion(id: number): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + 5);
  message.writeUInt16BE(id, 0);
  message[2] = FLAG.RECURSION_DESIRED;
  message.writeUInt16BE(1, 4);
  message.writeUInt16BE(TYPE.NS, HEADER_BYTES + 1);
  message.writeUInt16BE(CLASS_IN, HEADER_BYTES + 3);
  return message;
}

/** Whether a message answers this question: id, QR and the question itself (RFC 5452 section 9.1). */
export function answersQuestion(message: Buffer, question: Buffer, questionEnd: number): boolean {
  return (
    message.length >= questionEnd &&
    uint16(message, 0) === uint16(question, 0) &&
    ((message[2] ?? 0) & FLAG.RESPONSE) !== 0 &&
    uint16(message, 4) === 1 &&
    message.toString('latin1', HEADER_BYTES, questionEnd).toLowerCase() ===
      question.toString('latin1', HEADER_BYTES, questionEnd).toLowerCase()
  );
}

export function isTruncated(message: Buffer): boolean {
  return ((message[2] ?? 0) & FLAG.TRUNCATED) !== 0;
}

/** NOERROR and NXDOMAIN settle a question; any other code means that this resolver could not find out. */
export function isConclusive(message: Buffer): boolean {
  const rcode = (message[3] ?? 0) & 0x0f;
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
}

export interface AnswerContents {
  /** Every address in the message: A, AAAA, and the hints of SVCB and HTTPS (RFC 9460 section 7.3). */
  readonly addresses: readonly string[];
  /** Offset of the OPT record's owner; null: there is no OPT record. */
  readonly optOffset: number | null;
}

/** Reads all records of an answer; null if a count or length does not fit the message. */
export function readAnswer(message: Buffer, questionEnd: number): AnswerContents | null {
  const addresses: string[] = [];
  let optOffset: number | null = null;
  let offset = questionEnd;
  const records = uint16(message, 6) + uint16(message, 8) + uint16(message, 10);
  for (let left = records; left > 0; left -= 1) {
    const nameEnd = skipName(message, offset);
    if (nameEnd < 0 || nameEnd + RECORD_TAIL_BYTES > message.length) return null;
    const type = uint16(message, nameEnd);
    const dataStart = nameEnd + RECORD_TAIL_BYTES;
    const dataEnd = dataStart + uint16(message, nameEnd + 8);
    if (dataEnd > message.length) return null;
    const data = message.subarray(dataStart, dataEnd);
    if (type === TYPE.A && data.length === 4) addresses.push(dottedQuad(data));
    if (type === TYPE.AAAA && data.length === 16) addresses.push(colonHex(data));
    if (type === TYPE.SVCB || type === TYPE.HTTPS) addresses.push(...serviceHints(data));
    if (type === TYPE.OPT) optOffset = offset;
    offset = dataEnd;
  }
  return { addresses, optOffset };
}

const IPV4_HINT = 4;
const IPV6_HINT = 6;

function serviceHints(data: Buffer): string[] {
  const addresses: string[] = [];
  let offset = skipName(data, 2);
  while (offset >= 0 && offset + 4 <= data.length) {
    const key = uint16(data, offset);
    const end = offset + 4 + uint16(data, offset + 2);
    const value = data.subarray(offset + 4, end);
    if (key === IPV4_HINT) addresses.push(...slices(value, 4).map(dottedQuad));
    if (key === IPV6_HINT) addresses.push(...slices(value, 16).map(colonHex));
    offset = end;
  }
  return addresses;
}

function slices(value: Buffer, size: number): Buffer[] {
  const count = Math.floor(value.length / size);
  return Array.from({ length: count }, (_, index) => value.subarray(index * size, (index + 1) * size));
}

function dottedQuad(data: Buffer): string {
  return data.join('.');
}

function colonHex(data: Buffer): string {
  return slices(data, 2)
    .map((group) => uint16(group, 0).toString(16))
    .join(':');
}

/** Rewrites the answer for the client: its id, its spelling of the question, our payload size. */
export function addressToClient(message: Buffer, packet: Buffer, query: Query, optOffset: number | null): void {
  packet.copy(message, 0, 0, 2);
  packet.copy(message, HEADER_BYTES, HEADER_BYTES, query.questionEnd);
  if (optOffset !== null) message.writeUInt16BE(UDP_PAYLOAD_BYTES, optOffset + 3);
}
