import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { ip } from '#test/support/host-namespace.js';
import { playNames } from '#test/support/played-names.js';
import { NETWORKS, OUTSIDE_PORT, outsideNames } from './places.js';

/** The name of the server outside. */
export const OUTSIDE = 'outside';
const RESOLVER_PORT = 5_353;

/**
 * The internet of a stack with namespaces: another address of this machine on the hosts' bridge, with a resolver and
 * one server for all names outside. The address is removed with the bridge, and added to the next one.
 */
export class Outside {
  private constructor(
    private readonly address: string,
    private readonly resolver: { close(): Promise<void> },
    private readonly server: Server,
    private readonly sockets: Set<Socket>,
  ) {}

  /** Error: the bridge of this address block is not there. */
  static async play(addressBlock: number): Promise<Outside> {
    const address = await putThere(addressBlock);
    const names = NETWORKS.flatMap(outsideNames).map((name) => [name, address] as const);
    const resolver = await playNames(`${address}:${RESOLVER_PORT}`, new Map(names));
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => serve(socket, sockets));
    await once(server.listen(OUTSIDE_PORT, address), 'listening');
    return new Outside(address, resolver, server, sockets);
  }

  get upstream(): string {
    return `${this.address}:${RESOLVER_PORT}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await this.resolver.close();
  }
}

async function putThere(addressBlock: number): Promise<string> {
  const address = `10.${100 + addressBlock}.0.200`;
  await ip('address', 'add', `${address}/32`, 'dev', `gs${addressBlock}br`);
  return address;
}

/** Like a resident: it answers `who` with its name, and echoes lines after `hold`. */
function serve(socket: Socket, sockets: Set<Socket>): void {
  let text = '';
  let holds = false;
  sockets.add(socket);
  socket.setEncoding('utf8');
  socket.on('error', () => socket.destroy());
  socket.on('close', () => sockets.delete(socket));
  socket.on('end', () => socket.end());
  socket.on('data', (chunk: string) => {
    if (holds) {
      socket.write(chunk);
      return;
    }
    text += chunk;
    if (text === 'who\n') socket.end(`${OUTSIDE}\n`);
    if (text === 'hold\n') {
      holds = true;
      socket.write(`${OUTSIDE}\n`);
    }
  });
}
