import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type NatsConnection } from 'nats';
import { obtainNatsServer } from '#apps/all-in-one/nats-server.js';
import { CLONE } from '#test/support/clone.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';

/** Bytes of each message of one change at one agent, and of what an empty agent gets. */
export interface ExchangeBytes {
  readonly topology: number;
  readonly reply: number;
  readonly applied: number;
  readonly receipt: number;
  /** Parts of all snapshots together. */
  readonly whole: readonly number[];
}

export interface BareMembers {
  readonly servers: string;
  readonly first: number;
  readonly count: number;
  readonly bytes: ExchangeBytes;
}

/**
 * A nats-server without keys, and as many connections as there are agents in as many processes, that move the same
 * messages as bytes: nothing is parsed, verified or kept.
 */
export class BareBus {
  private constructor(
    private readonly server: ChildProcess,
    private readonly connection: NatsConnection,
    private readonly children: readonly ChildProcess[],
    private readonly bytes: ExchangeBytes,
    private acknowledged: () => void,
  ) {}

  static async start(members: number, processes: number, bytes: ExchangeBytes): Promise<BareBus> {
    const port = await freePort();
    const binary = await obtainNatsServer(join(CLONE, '.cache'), (line) => process.stderr.write(`${line}\n`));
    const server = spawn(binary, ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
    const servers = `127.0.0.1:${port}`;
    const connection = await waitFor('the bare nats-server answers', () => connect({ servers }).catch(() => undefined));
    const each = Math.ceil(members / processes);
    const children = Array.from({ length: processes }, () =>
      fork(fileURLToPath(new URL('./bare-members.js', import.meta.url))),
    );
    const bus = new BareBus(server, connection, children, bytes, () => {});
    bus.serve();
    await bus.tellAll((index) => {
      const first = index * each;
      return { servers, first, count: Math.min(each, members - first), bytes } satisfies BareMembers;
    });
    return bus;
  }

  /** Milliseconds until these members have each been sent the change, and its acknowledgement was answered. */
  async change(members: number): Promise<number> {
    const done = Promise.withResolvers<void>();
    let left = members;
    this.acknowledged = () => {
      left -= 1;
      if (left === 0) done.resolve();
    };
    const body = Buffer.alloc(this.bytes.topology);
    const began = performance.now();
    for (let member = 0; member < members; member += 1) {
      void this.connection.request(`bare.${member}.topology`, body, { timeout: 60_000 });
    }
    await done.promise;
    return performance.now() - began;
  }

  /** Milliseconds until every member has connected again and got what an empty agent gets. */
  async restart(): Promise<number> {
    await this.tellAll(() => 'disconnect');
    const began = performance.now();
    await this.tellAll(() => 'connect');
    return performance.now() - began;
  }

  async end(): Promise<void> {
    for (const child of this.children) child.disconnect();
    await Promise.all(this.children.map((child) => once(child, 'exit')));
    await this.connection.close();
    this.server.kill();
    await once(this.server, 'exit');
  }

  private serve(): void {
    const receipt = Buffer.alloc(this.bytes.receipt);
    this.connection.subscribe('bare.applied', {
      callback: (_, message) => {
        message.respond(receipt);
        this.acknowledged();
      },
    });
    for (const [index, length] of this.bytes.whole.entries()) {
      const part = Buffer.alloc(length);
      this.connection.subscribe(`bare.whole.${index}`, { callback: (_, message) => void message.respond(part) });
    }
  }

  private async tellAll(message: (index: number) => object | string): Promise<void> {
    await Promise.all(
      this.children.map(async (child, index) => {
        child.send(message(index));
        await once(child, 'message');
      }),
    );
  }
}
