import { createServer, type Server, type Socket } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { AliasName } from '#libs/contracts/ids.js';
import { bindFault } from '#libs/program/port-owner.js';

export const FORWARD_ADDRESS = '127.0.0.1';

/** A local port that is forwarded to an alias and port. */
export interface Forward {
  readonly alias: AliasName;
  readonly port: number;
  readonly localPort: number;
}

/** Listening on the local port failed. */
export class ForwardRefusedError extends CodedError {}

/** The listening sockets of one network on this machine. Their connections belong to whoever accepts them. */
export class Forwards {
  private readonly open = new Map<number, { readonly forward: Forward; readonly server: Server }>();

  /** `network`: the network's name. */
  constructor(
    private readonly network: string,
    private readonly accept: (socket: Socket, forward: Forward) => void,
  ) {}

  list(): readonly Forward[] {
    return [...this.open.values()].map(({ forward }) => forward);
  }

  /** Resolves once the port is open; false: it was forwarded there already. Error: ForwardRefusedError. */
  async start(forward: Forward): Promise<boolean> {
    const { alias, port, localPort } = forward;
    const known = this.open.get(localPort)?.forward;
    if (known?.alias === alias && known.port === port) return false;
    const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
      this.accept(socket, forward),
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', async (error) => reject(await refusal(this.network, forward, error)));
      server.listen({ host: FORWARD_ADDRESS, port: localPort }, resolve);
    });
    server.on('error', () => {}); // a connection that could not be accepted: the next one may be
    this.open.set(localPort, { forward, server });
    return true;
  }

  /** False: the port is not forwarded here. */
  stop(localPort: number): boolean {
    const known = this.open.get(localPort);
    this.open.delete(localPort);
    known?.server.close();
    return known !== undefined;
  }

  close(): void {
    for (const localPort of [...this.open.keys()]) this.stop(localPort);
  }
}

async function refusal(
  network: string,
  { alias, port, localPort }: Forward,
  error: Error,
): Promise<ForwardRefusedError> {
  const code = 'code' in error ? error.code : null;
  const toPort = (other: number) => `gstacks mesh forward ${network} ${alias}:${port} --local ${other}`;
  if (code === 'EADDRINUSE') {
    return new ForwardRefusedError(
      'PORT_IN_USE',
      `port ${localPort} of ${FORWARD_ADDRESS} ${await bindFault(localPort, error)}`,
      `choose another: ${toPort(localPort === 65_535 ? 18_080 : localPort + 1)}`,
    );
  }
  return new ForwardRefusedError(
    'PORT_REFUSED',
    `port ${localPort} of ${FORWARD_ADDRESS} ${await bindFault(localPort, error)}`,
    `choose one above 1023: ${toPort(18_080)}`,
  );
}
