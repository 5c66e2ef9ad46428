import { readFile } from 'node:fs/promises';

export interface ListeningSocket {
  /** IPv4 as people write it; IPv6 as the kernel prints it, in hexadecimal. */
  readonly address: string;
  /** 0.0.0.0 or :: */
  readonly isEveryAddress: boolean;
  readonly port: number;
  /** As /proc/<pid>/fd names it: `socket:[<inode>]`. */
  readonly inode: string;
}

/** Connection state LISTEN, proc(5). */
const LISTEN = '0A';

/** The TCP sockets that listen in this process's network namespace: one read of the kernel's tables. None elsewhere. */
export async function listeningSockets(): Promise<readonly ListeningSocket[]> {
  const tables = await Promise.all(
    ['/proc/self/net/tcp', '/proc/self/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return tables.flatMap(parseSocketTable);
}

/** What /proc/net/tcp and tcp6 print, a line a socket. */
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

/** The kernel prints an IPv4 address as one number of this machine's byte order. */
function addressText(printed: string): string {
  if (printed.length !== 8) return printed;
  return new Uint8Array(Uint32Array.of(Number.parseInt(printed, 16)).buffer).join('.');
}
