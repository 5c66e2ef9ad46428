import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { takeAddressBlock } from '#apps/all-in-one/address-block.js';
import type { ReadyReport } from '#apps/all-in-one/stack.js';
import { textOf } from '#test/support/child-processes.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);
const GONE_WITHIN_MS = 10_000;

/** What outlives the stack, and is not left over. */
export interface Expected {
  readonly pids: readonly number[];
  /** A part of the paths of its files and sockets. */
  readonly path: string;
}

/** Everything on this machine that a stack may leave behind, identified by what only this stack has. */
export class LeftOvers {
  private readonly blocks = new Set<number>();
  private readonly ports = new Set<number>();
  /** Inodes of network namespaces, which outlive their names while a process is in them. */
  private readonly namespaces = new Set<string>();

  /** `folder`: contains the stack's home, and is the folder for temporary files of all its processes. */
  constructor(private readonly folder: string) {}

  /** Records what the stack has now. */
  async note(report: ReadyReport): Promise<void> {
    const { addressBlock, postgres, nats, mesh } = report.ports;
    this.blocks.add(addressBlock);
    for (const port of [postgres, nats, ...mesh, Number(new URL(report.url).port)]) this.ports.add(port);
    for (const name of namesIn('/run/netns').filter((one) => one.startsWith(`gs${addressBlock}.`))) {
      const { stdout } = await run('stat', ['--format', 'net:[%i]', join('/run/netns', name)]);
      this.namespaces.add(stdout.trim());
    }
  }

  /** A line for each thing that still exists after a while; if another stack has our address block, it is not ours. */
  async found(expected: Expected | null = null): Promise<readonly string[]> {
    const locks = await Promise.all([...this.blocks].map((index) => takeAddressBlock(index)));
    try {
      const ours = locks.filter(({ index }) => this.blocks.has(index)).map(({ index }) => index);
      let last: readonly string[] = [];
      await waitFor(
        'nothing is left over',
        async () => {
          last = await this.look(ours, expected);
          return last.length === 0;
        },
        GONE_WITHIN_MS,
      ).catch(() => {});
      return last;
    } finally {
      for (const lock of locks) lock.release();
    }
  }

  private async look(blocks: readonly number[], expected: Expected | null): Promise<readonly string[]> {
    const named = (text: string): boolean => blocks.some((block) => text.startsWith(`gs${block}.`));
    const [links, routes, sockets] = await Promise.all([
      run('ip', ['-o', 'link', 'show']),
      run('ip', ['route', 'show', 'table', 'all']),
      run('ss', ['-Hlntux']),
    ]);
    return [
      ...this.processes(expected?.pids ?? []),
      ...['/run/netns', '/etc/netns'].flatMap((folder) =>
        namesIn(folder)
          .filter(named)
          .map((name) => `namespace: ${join(folder, name)}`),
      ),
      ...linesWith(links.stdout, (line) => blocks.some((block) => line.includes(` gs${block}br`)), 'link'),
      ...linesWith(routes.stdout, (line) => blocks.some((block) => line.includes(`10.${100 + block}.0.`)), 'route'),
      ...linesWith(sockets.stdout, (line) => this.isOurSocket(line), 'socket'),
      ...(await this.socketFiles()),
    ].filter((line) => expected === null || !line.includes(expected.path));
  }

  private processes(expected: readonly number[]): readonly string[] {
    return namesIn('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && !expected.includes(Number(name)))
      .filter((pid) => this.isOurs(pid))
      .map((pid) => `process ${pid}: ${textOf(Number(pid), 'cmdline').replaceAll('\0', ' ')}`);
  }

  private isOurs(pid: string): boolean {
    return (
      textOf(Number(pid), 'cmdline').includes(this.folder) ||
      textOf(Number(pid), 'environ').includes(this.folder) ||
      linkOf(pid, 'cwd').startsWith(this.folder) ||
      this.namespaces.has(linkOf(pid, 'ns/net'))
    );
  }

  /** Netid, state, two queues, and where it listens: ss(8). */
  private isOurSocket(line: string): boolean {
    const [kind = '', , , , where = ''] = line.split(/\s+/);
    if (kind.startsWith('u_')) return where.startsWith(this.folder);
    return this.ports.has(Number(where.slice(where.lastIndexOf(':') + 1)));
  }

  private async socketFiles(): Promise<readonly string[]> {
    if (!existsSync(this.folder)) return [];
    const { stdout } = await run('find', [this.folder, '-type', 's', '-o', '-path', '*/run/*.pid']);
    return linesWith(stdout, () => true, 'file');
  }
}

function linesWith(text: string, isMeant: (line: string) => boolean, what: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && isMeant(line))
    .map((line) => `${what}: ${line.trim().slice(0, 120)}`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(pid: string, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return '';
  }
}
