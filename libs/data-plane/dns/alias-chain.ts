import { DNS_SUFFIX } from '#libs/contracts/ids.js';
import { isSameName } from './name-table.js';
import { CLASS_IN, HEADER_BYTES, MAX_LABEL_BYTES, MAX_NAME_BYTES, RECORD_TAIL_BYTES, TYPE } from './protocol.js';
import { type Query, skipName, uint16 } from './query.js';
import type { Reply } from './responses.js';

/** The CNAME chain (RFC 1034 section 3.6.2) in an upstream answer that leads from an outside name to an alias. */
export interface AliasChain {
  /** From the name asked for to the alias; names are in wire form. */
  readonly links: readonly { readonly ttl: Buffer; readonly target: Buffer }[];
  /** A query for the alias with the type that was asked for. */
  readonly packet: Buffer;
}

/** Longer chains are treated as loops. */
const MOST_LINKS = 16;
const MOST_POINTERS = 32;
const SUFFIX_OCTETS = Buffer.from(`${String.fromCharCode(DNS_SUFFIX.length)}${DNS_SUFFIX}\0`, 'latin1');

/**
 * The chain of CNAME records from the name asked for to a name below the suffix; null: the answer has none. Nothing
 * else of such an answer is used: an outside server's records of names below the suffix are ignored.
 */
export function readAliasChain(message: Buffer, query: Query): AliasChain | null {
  if (query.type === TYPE.CNAME || query.type === TYPE.ANY) return null;
  const byOwner = readLinks(message, query.questionEnd);
  if (byOwner.size === 0) return null;
  const links: AliasChain['links'][number][] = [];
  let next = byOwner.get(keyOf(message.subarray(HEADER_BYTES, query.nameEnd)));
  while (next !== undefined && links.length < MOST_LINKS) {
    links.push(next);
    next = byOwner.get(keyOf(next.target));
  }
  const target = links.at(-1)?.target;
  if (next !== undefined || target === undefined || !isBelowSuffix(target)) return null;
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(1, 4);
  const tail = Buffer.from([query.type >> 8, query.type & 0xff, 0, CLASS_IN]);
  return { links, packet: Buffer.concat([head, target, tail]) };
}

/** The chain, followed by the records of the alias, as an answer whose question ends at `questionEnd`. */
export function chainReply(chain: AliasChain, alias: Reply, query: Query): Reply {
  const parts: Uint8Array[] = [];
  let owner = HEADER_BYTES;
  let offset = query.questionEnd;
  for (const { ttl, target } of chain.links) {
    const head = Buffer.from([...pointer(owner), 0, TYPE.CNAME, 0, CLASS_IN, ...ttl, 0, target.length]);
    parts.push(head, target);
    owner = offset + head.length;
    offset = owner + target.length;
  }
  const records = Buffer.from(alias.records.subarray(alias.start, alias.end));
  // The alias's records point to the question for their owner name.
  let position = 0;
  for (let left = alias.answers; left > 0; left -= 1) {
    records.set(pointer(owner), position);
    position += 2 + RECORD_TAIL_BYTES + uint16(records, position + RECORD_TAIL_BYTES);
  }
  const all = Buffer.concat([...parts, records]);
  const answers = chain.links.length + alias.answers;
  return { ...alias, authoritative: false, answers, records: all, start: 0, end: all.length };
}

function pointer(offset: number): readonly [number, number] {
  return [0xc0 | (offset >> 8), offset & 0xff];
}

/** The CNAME records of the answer section by owner, at most as many as a chain may have. */
function readLinks(message: Buffer, questionEnd: number): Map<string, AliasChain['links'][number]> {
  const links = new Map<string, AliasChain['links'][number]>();
  let offset = questionEnd;
  for (let left = uint16(message, 6); left > 0 && links.size < MOST_LINKS; left -= 1) {
    const nameEnd = skipName(message, offset);
    if (nameEnd < 0 || nameEnd + RECORD_TAIL_BYTES > message.length) break;
    const dataStart = nameEnd + RECORD_TAIL_BYTES;
    if (uint16(message, nameEnd) === TYPE.CNAME) {
      const owner = readName(message, offset);
      const target = readName(message, dataStart);
      const ttl = message.subarray(nameEnd + 4, nameEnd + 8);
      if (owner !== null && target !== null) links.set(keyOf(owner), { ttl, target });
    }
    offset = dataStart + uint16(message, nameEnd + 8);
  }
  return links;
}

/**
 * The name at `start`, with compression pointers followed (RFC 1035 section 4.1.4); null: malformed. A pointer must
 * point to an earlier place in the message.
 */
function readName(message: Buffer, start: number): Buffer | null {
  const labels: Buffer[] = [];
  let length = 0;
  let offset = start;
  for (let pointers = 0; pointers < MOST_POINTERS; ) {
    const octet = message[offset];
    if (octet === undefined) return null;
    if (octet >= 0xc0) {
      const target = uint16(message, offset) & 0x3fff;
      if (target >= offset) return null;
      offset = target;
      pointers += 1;
      continue;
    }
    if (octet > MAX_LABEL_BYTES || offset + 1 + octet > message.length) return null;
    length += octet + 1;
    if (length > MAX_NAME_BYTES) return null;
    labels.push(message.subarray(offset, offset + 1 + octet));
    if (octet === 0) return Buffer.concat(labels);
    offset += octet + 1;
  }
  return null;
}

function keyOf(name: Buffer): string {
  return name.toString('latin1').toLowerCase();
}

function isBelowSuffix(name: Buffer): boolean {
  let last = 0;
  for (let offset = 0; name[offset] !== 0; offset += 1 + (name[offset] ?? 0)) last = offset;
  return isSameName(SUFFIX_OCTETS, name, last, name.length);
}
