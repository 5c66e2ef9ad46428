import { isIPv4 } from 'node:net';

/** Columns of /proc/net/tcp and tcp6 before the queues: number, both addresses, state. */
const STATE_LENGTH = ' 01 '.length;
const QUEUE_LENGTH = 8;

/** A connection's key in the kernel's tables: both addresses in the machine's byte order. */
export function connectionKey(
  localAddress: string,
  localPort: number,
  remoteAddress: string,
  remotePort: number,
): string {
  return `${hexAddress(localAddress)}:${hexPort(localPort)} ${hexAddress(remoteAddress)}:${hexPort(remotePort)}`;
}

/**
 * Bytes that each of these connections has sent without acknowledgement. Connections that are not in the table are left
 * out. `table` is the content of /proc/net/tcp or tcp6.
 */
export function unacknowledgedIn(table: string, keys: ReadonlySet<string>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const [first] = keys;
  if (first === undefined) return found;
  for (let start = table.indexOf('\n') + 1; start > 0; start = table.indexOf('\n', start) + 1) {
    const at = table.indexOf(': ', start) + 2;
    if (at < 2) break;
    const end = at + first.length;
    const key = table.slice(at, end);
    if (!keys.has(key)) continue;
    const queue = end + STATE_LENGTH;
    found.set(key, Number.parseInt(table.slice(queue, queue + QUEUE_LENGTH), 16));
  }
  return found;
}

function hexPort(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** Each 32-bit word is printed as a number in this machine's byte order. */
function hexAddress(address: string): string {
  const octets = Uint8Array.from(isIPv4(address) ? octetsOfV4(address) : octetsOfV6(address));
  return [...new Uint32Array(octets.buffer)].map((word) => word.toString(16).toUpperCase().padStart(8, '0')).join('');
}

function octetsOfV4(address: string): number[] {
  return address.split('.').map(Number);
}

/** The text form of RFC 4291 section 2.2, with an IPv4 address at the end or a zone (RFC 4007), as Node prints it. */
function octetsOfV6(address: string): number[] {
  const [text = ''] = address.split('%');
  const [head = '', tail = ''] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail);
  return [...before, ...new Array<number>(16 - before.length - after.length).fill(0), ...after];
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (isIPv4(group)) return octetsOfV4(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
