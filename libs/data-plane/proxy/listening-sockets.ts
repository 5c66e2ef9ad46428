import { readFile } from 'node:fs/promises';

/** Connection state LISTEN in /proc/net/tcp, proc(5). */
const LISTEN = '0A';

/** Whether the kernel has a listening TCP socket bound to exactly this IPv4 address and port. */
export async function isListening(address: string, port: number): Promise<boolean> {
  const wanted = socketText(address, port);
  const table = await readFile('/proc/self/net/tcp', 'utf8');
  return table.split('\n').some((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return local === wanted && state === LISTEN;
  });
}

/** As the kernel prints it: the address as one number of this machine's byte order, both in hexadecimal. */
function socketText(address: string, port: number): string {
  const octets = Uint8Array.from(address.split('.'), Number);
  const number = new Uint32Array(octets.buffer)[0] ?? 0;
  const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0');
  return `${hex(number, 8)}:${hex(port, 4)}`;
}
