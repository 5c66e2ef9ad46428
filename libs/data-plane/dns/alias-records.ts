import { RECORD_TAIL_BYTES, TYPE } from './protocol.js';
import { addressRecord, type Reply, recordReply, recordsReply, recordType } from './responses.js';

/**
 * Packs an alias for the zone's index: its address record, followed by its ports as two octets each, high octet first.
 */
export function aliasPayload(address: string, ports: readonly number[]): Uint8Array {
  const record = addressRecord(address);
  const payload = new Uint8Array(record.length + 2 * ports.length);
  payload.set(record);
  ports.forEach((port, index) => {
    payload[record.length + 2 * index] = port >> 8;
    payload[record.length + 2 * index + 1] = port & 0xff;
  });
  return payload;
}

/**
 * The answer for an alias whose payload is in `octets` from `start` to before `end` and whose name is in `packet` from
 * `nameStart` to before `nameEnd`; null: it has no record of the type.
 */
export function aliasReply(
  octets: Uint8Array,
  start: number,
  end: number,
  type: number,
  packet: Buffer,
  nameStart: number,
  nameEnd: number,
): Reply | null {
  const recordEnd = endOfRecord(octets, start);
  // One record is enough for ANY (RFC 8482 section 4.1).
  if (type === recordType(octets, start) || type === TYPE.ANY) return recordReply(octets, start, recordEnd);
  if (type === TYPE.TXT) return portsText(readPorts(octets, recordEnd, end));
  if (type !== TYPE.SRV) return null;
  return serviceReply(readPorts(octets, recordEnd, end), packet.subarray(nameStart, nameEnd));
}

/** The answer for `_<port>._tcp` below an alias (RFC 2782); null: the alias has no such port. */
export function portReply(
  octets: Uint8Array,
  start: number,
  end: number,
  port: number,
  name: Uint8Array,
): Reply | null {
  return readPorts(octets, endOfRecord(octets, start), end).includes(port) ? serviceReply([port], name) : null;
}

function endOfRecord(octets: Uint8Array, start: number): number {
  const dataStart = start + 2 + RECORD_TAIL_BYTES;
  return dataStart + (octets[dataStart - 1] as number);
}

function readPorts(octets: Uint8Array, start: number, end: number): readonly number[] {
  return Array.from({ length: (end - start) / 2 }, (_, index) => {
    const at = start + 2 * index;
    return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  });
}

/** One SRV record for each port, all with the same priority and weight. The target is not compressed. */
function serviceReply(ports: readonly number[], target: Uint8Array): Reply {
  return recordsReply(
    TYPE.SRV,
    ports.map((port) => Uint8Array.from([0, 0, 0, 0, port >> 8, port & 0xff, ...target])),
  );
}

/** One TXT string in the form of RFC 6763 section 6.3: `ports=80,8080`. */
function portsText(ports: readonly number[]): Reply {
  const text = Buffer.from(`ports=${ports.join(',')}`, 'latin1');
  return recordsReply(TYPE.TXT, [Uint8Array.from([text.length, ...text])]);
}
