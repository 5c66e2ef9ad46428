import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { CrowdCommand, CrowdState } from '#test/programs/protocol-agents.js';
import { CLONE } from './clone.js';
import { cpuSeconds, residentMegabytes } from './usage.js';

/** Many agents of test/support/protocol-agent.ts in a few processes. */
export class AgentCrowd {
  private readonly children: readonly ChildProcess[];

  constructor(processes: number) {
    const program = join(CLONE, 'dist/test/programs/protocol-agents.js');
    this.children = Array.from({ length: processes }, () => fork(program));
  }

  /** Further agents, spread evenly over the processes. */
  async enrol(url: string, adminToken: string, names: readonly string[]): Promise<void> {
    const { length } = this.children;
    const parts = this.children.map((_, index) => names.filter((__, at) => at % length === index));
    await Promise.all(
      this.children.map((child, index) => ask(child, { kind: 'enrol', url, adminToken, names: parts[index] ?? [] })),
    );
  }

  /** Those that are not connected. Resolves once each has had its hello and its inventory answered. */
  async connect(): Promise<void> {
    await this.askAll({ kind: 'connect' });
  }

  async disconnect(): Promise<void> {
    await this.askAll({ kind: 'disconnect' });
  }

  /** Agents are empty when they connect next. */
  async forget(): Promise<void> {
    await this.askAll({ kind: 'forget' });
  }

  async states(): Promise<readonly CrowdState[]> {
    return (await this.askAll({ kind: 'state' })).flatMap((state) => state ?? []);
  }

  /** Of all processes. */
  cpuSeconds(): number {
    return this.children.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : cpuSeconds(pid)), 0);
  }

  /** Of all processes together. */
  residentMegabytes(): number {
    return this.children.reduce((sum, { pid }) => sum + (pid === undefined ? 0 : residentMegabytes(pid)), 0);
  }

  async end(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.disconnect();
        await exited;
      }),
    );
  }

  private askAll(command: CrowdCommand): Promise<readonly (CrowdState | null)[]> {
    return Promise.all(this.children.map((child) => ask(child, command)));
  }
}

async function ask(child: ChildProcess, command: CrowdCommand): Promise<CrowdState | null> {
  child.send(command);
  const [answer]: { readonly state?: CrowdState | null; readonly error?: string }[] = await once(child, 'message');
  if (answer?.error !== undefined) throw new Error(answer.error);
  return answer?.state ?? null;
}
