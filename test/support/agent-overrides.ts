import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLONE } from './clone.js';
import { restartAgent } from './restart.js';
import type { RunningStack } from './stack.js';

export type Variables = { readonly [variable: string]: string };

/** How an agent of a running stack is started, other than the stack starts it. */
export interface Override {
  /** Instead of the stack's own, or besides. */
  readonly variables?: Variables;
}

export type AgentName = 'host-a' | 'host-b';
export type Overriding = { readonly [agent in AgentName]?: Override };

/** Starts agents of a running stack again as a test wants them. */
export class AgentOverrides {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gs-overrides-'));
  private current: Overriding = {};

  /** To be in the stack's environment from its start. */
  get env(): Variables {
    const program = pathToFileURL(join(CLONE, 'dist/test/programs/agent-overrides.js'));
    program.searchParams.set('folder', this.folder);
    return { NODE_OPTIONS: `--import=${program}` };
  }

  /** Resolves when both agents run as they should and are in contact; one that does already is left alone. */
  async become(stack: RunningStack, wanted: Overriding): Promise<void> {
    const changed = (['host-a', 'host-b'] as const).filter((agent) => wanted[agent] !== this.current[agent]);
    this.current = wanted;
    await Promise.all(changed.map((agent) => this.restart(stack, agent)));
  }

  /** Ends the agent in order, does `meanwhile` while it is down, and resolves when its successor is in contact. */
  async restart(
    stack: RunningStack,
    agent: AgentName,
    meanwhile: () => void | Promise<void> = () => {},
  ): Promise<void> {
    const { variables = {} } = this.current[agent] ?? {};
    writeFileSync(join(this.folder, `${agent}.json`), JSON.stringify(variables));
    await restartAgent(stack, agent, meanwhile);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A clock that is off by libfaketime's notation, such as `+2h`; the time that passes stays the machine's. */
export function clockOff(by: string): Variables {
  const library = readdirSync('/usr/lib')
    .map((triplet) => join('/usr/lib', triplet, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is not installed: apt-get install faketime');
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
