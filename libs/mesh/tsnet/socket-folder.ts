import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longest path of a unix socket on Linux and macOS (unix(7): 108 bytes with the terminator; macOS: 104). */
const LONGEST_SOCKET_PATH = 103;

/** The sockets between mesh-node and the program that started it, in a folder that only their user may enter. */
export interface SocketFolder {
  readonly dial: string;
  readonly inbound: string;
  remove(): void;
}

/**
 * In the node's state folder, where the next start reuses what a killed process left; in a temporary folder if that
 * path is too long for a socket.
 */
export function openSocketFolder(stateFolder: string): SocketFolder {
  const inState = join(stateFolder, 'sockets');
  const isTooLong = Buffer.byteLength(socketsIn(inState).inbound) > LONGEST_SOCKET_PATH;
  const folder = isTooLong ? mkdtempSync(join(tmpdir(), 'gs-mesh-')) : inState;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  const sockets = socketsIn(folder);
  rmSync(sockets.inbound, { force: true }); // mesh-node removes the one that it listens on
  return { ...sockets, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function socketsIn(folder: string): Pick<SocketFolder, 'dial' | 'inbound'> {
  return { dial: join(folder, 'dial'), inbound: join(folder, 'inbound') };
}
