import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP proxy in front of a server, which can keep the server's answers back and drop the connections. */
export class CuttingProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private withholding = false;

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

  /** What is sent still arrives; what is answered does not. */
  withholdAnswers(): void {
    this.withholding = true;
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
    target.on('data', (chunk) => {
      if (!this.withholding) client.write(chunk);
    });
    for (const socket of pair) {
      socket.on('error', () => {});
      socket.once('close', () => {
        this.pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
  }
}
