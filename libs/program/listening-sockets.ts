import { readFile } from 'node:fs/promises';

export interface ListeningSocket {
  /** IPv4 in dotted form; IPv6 in hexadecimal, as the kernel prints it. */
  readonly address: string;
  /** 0.0.0.0 or :: */
  readonly isEveryAddress: boolean;
  readonly port: number;
  /** As in /proc/<pid>/fd: `socket:[<inode>]`. */
  readonly inode: string;
}

/** The states of a TCP socket that listens and of a UDP socket that is bound and not connected (proc(5)). */
const LISTEN = '0A';
const BOUND = '07';

/**
 * The listening TCP sockets of this process's network namespace, from one read of the kernel's tables. Empty on other
 * systems.
 */
export async function listeningSockets(): Promise<readonly ListeningSocket[]> {
  return (await tablesOf('tcp', 'tcp6')).flatMap((table) => parseSocketTable(table));
}

/** As listeningSockets, with the UDP sockets that are bound. */
export async function boundSockets(): Promise<readonly ListeningSocket[]> {
  const datagrams = (await tablesOf('udp', 'udp6')).flatMap((table) => parseSocketTable(table, BOUND));
  return [...(await listeningSockets()), ...datagrams];
}

function tablesOf(...names: readonly string[]): Promise<readonly string[]> {
  return Promise.all(names.map((name) => readFile(`/proc/self/net/${name}`, 'utf8').catch(() => '')));
}

/** Parses /proc/net/tcp, udp, or those of IPv6, which have one line per socket. */
export function parseSocketTable(table: string, listening = LISTEN): readonly ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== listening) return [];
    return [
      {
        address: addressText(address),
        isEveryAddress: /^0+$/.test(address),
        port: Number.parseInt(port, 16),
        inode,
      },
    ];
  });
}

/** The kernel prints an IPv4 address as one number in this machine's byte order. */
function addressText(printed: string): string {
  if (printed.length !== 8) return printed;
  return new Uint8Array(Uint32Array.of(Number.parseInt(printed, 16)).buffer).join('.');
}
