import { createNameTable, type GrowingNameTable } from './name-table.js';
import { HEADER_BYTES, RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import { addressRecord, bareReply, type Reply, recordReply, recordType } from './responses.js';

/** Without an SOA record, so that nobody caches it (RFC 2308 section 5). */
export const ABSENT: Reply = bareReply(RCODE.NXDOMAIN);
const NO_RECORDS = bareReply(RCODE.NOERROR);
const NO_PAYLOAD = new Uint8Array(0);
/** Most clients ask for few names. */
const FIRST_NAMES = 7;
const FIRST_BYTES = 512;

/** The answer for a name outside: the address of its listener here, and no other record. */
export function outsideReply(records: Uint8Array, start: number, end: number, type: number): Reply {
  const isAsked = type === recordType(records, start) || type === TYPE.ANY;
  return isAsked ? recordReply(records, start, end) : NO_RECORDS;
}

/**
 * Keeps the answers about names outside for each client, ready to send, beside the names in wire form: looking one up
 * makes no string of the packet. `seed` is random.
 */
export class KeptAnswers {
  private readonly tables = new Map<string, GrowingNameTable>();
  size = 0;

  constructor(private readonly seed: number) {}

  /** null: no answer is kept. The object ABSENT: the name does not exist for the client. */
  find(source: string, packet: Buffer, { nameEnd, type }: Query): Reply | null {
    const table = this.tables.get(source);
    if (table === undefined) return null;
    const found = table.find(packet, HEADER_BYTES, nameEnd);
    if (found < 0) return null;
    const start = table.payloadStart(found);
    const end = table.payloadEnd(found);
    return start === end ? ABSENT : outsideReply(table.octets, start, end, type);
  }

  /** `name` in wire form. null: it has no address, because it does not exist for the client. */
  keep(source: string, name: Uint8Array, address: string | null): void {
    let table = this.tables.get(source);
    if (table === undefined) {
      table = createNameTable(this.seed, FIRST_NAMES, FIRST_BYTES);
      this.tables.set(source, table);
    }
    if (table.find(name, 0, name.length) >= 0) return;
    table.add(name, 0, name.length, 0, address === null ? NO_PAYLOAD : addressRecord(address));
    this.size += 1;
  }
}
