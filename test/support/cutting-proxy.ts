import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Source: the Postgres manual, "Message Formats": type, length and kind. */
const AUTHENTICATION_OK = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);

/** A TCP proxy in front of a server that can hold the server's answers back and drop the connections. */
export class CuttingProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private withholding = false;
  private joining = false;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    private readonly targetPort: number,
  ) {
    server.on('connection', (client) => this.accept(client));
  }

  static async start(targetPort: number): Promise<CuttingProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new CuttingProxy(server, targetPort);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Requests still arrive; answers do not. */
  withholdAnswers(): void {
    this.withholding = true;
  }

  /**
   * For a Postgres: on each new connection, the server's bytes after the login arrive together with the end of the
   * connection.
   */
  joinAnswersWithEnd(): void {
    this.joining = true;
  }

  /** Ends every connection; new ones work. */
  cut(): void {
    this.withholding = false;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(client: Socket): void {
    const target = connect(this.targetPort, '127.0.0.1');
    const pair = [client, target] as const;
    this.pairs.add(pair);
    client.on('data', (chunk) => target.write(chunk));
    const kept: Buffer[] = [];
    target.on('data', (chunk: Buffer) => {
      if (this.joining && (kept.length > 0 || chunk.includes(AUTHENTICATION_OK))) kept.push(chunk);
      else if (!this.withholding) client.write(chunk);
    });
    target.once('end', () => client.end(Buffer.concat(kept)));
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.once('close', () => {
        if (this.joining && socket === target) return;
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }
}
