import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { CLONE } from './clone.js';

/** The data that the fixture's control server has about a node. */
export interface FixtureNode {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly online: boolean;
}

/** A tsnet control server with relays, for tests, as a separate process. */
export class MeshFixture {
  private constructor(
    private readonly child: ChildProcess,
    readonly controlUrl: string,
    private readonly admin: string,
  ) {}

  /** `address`: its listen address, which need not exist yet. */
  static async start(address = '127.0.0.1', environment: Readonly<Record<string, string>> = {}): Promise<MeshFixture> {
    const binary = await obtainMeshProgram('mesh-fixture', CLONE, () => {});
    const child = spawn(binary, ['--listen', address], {
      env: { PATH: process.env.PATH ?? '', ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface({ input: child.stdout }), 'line');
    const { control, admin }: { control: string; admin: string } = JSON.parse(String(line));
    return new MeshFixture(child, control, admin);
  }

  /** A key that works once, for this long. */
  async mintKey({ seconds = 300, isReusable = false } = {}): Promise<string> {
    const answer = await this.ask('POST', 'keys', { reusable: isReusable, seconds });
    return ((await answer.json()) as { readonly key: string }).key;
  }

  /** The behaviour of keys that are minted over the API from now on. */
  async mintKeysThatAre(behaviour: 'valid' | 'invalid' | 'expired' | 'used'): Promise<void> {
    await this.ask('POST', `keys/${behaviour}`);
  }

  async nodes(): Promise<readonly FixtureNode[]> {
    return (await (await this.ask('GET', 'nodes')).json()) as readonly FixtureNode[];
  }

  async deleteNode(id: string): Promise<void> {
    await this.ask('DELETE', `nodes/${id}`);
  }

  async expireNode(id: string): Promise<void> {
    await this.ask('POST', `nodes/${id}/expire`);
  }

  /** Ends the control server as a kill would, or restarts it with all its state. */
  async setUp(isUp: boolean): Promise<void> {
    await this.ask('POST', isUp ? 'up' : 'down');
  }

  async stop(): Promise<void> {
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }

  private async ask(method: string, path: string, body?: unknown): Promise<Response> {
    const answer = await fetch(`${this.admin}/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}
