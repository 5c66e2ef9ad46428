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

/** The connection state LISTEN (proc(5)). */
const LISTEN = '0A';

/**
 * The listening TCP sockets of this process's network namespace, from one read of the kernel's tables. Empty on other
 * systems.
 */
export async function listeningSockets(): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(
    ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return tables.flatMap(parseSocketTable);
}

/** Parses /proc/net/tcp or tcp6, which have one line per socket. */
export function parseSocketTable(table: string): readonly ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    if (state !== LISTEN) return [];
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
