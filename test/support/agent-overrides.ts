import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CLONE } from './clone.js';
import { restartAgent } from './restart.js';
import type { RunningStack } from './stack.js';

export type Variables = { readonly [variable: string]: string };

/** How a test starts an agent of a running stack differently from the stack. */
export interface Override {
  /** Replace the stack's variables, or are added. */
  readonly variables?: Variables;
}

export type AgentName = 'host-a' | 'host-b';
export type Overriding = { readonly [agent in AgentName]?: Override };

/** Restarts agents of a running stack as a test needs them. */
export class AgentOverrides {
  private readonly folder = mkdtempSync(join(tmpdir(), 'gs-overrides-'));
  private current: Overriding = {};

  /** Has to be in the stack's environment from its start. */
  get env(): Variables {
    const program = pathToFileURL(join(CLONE, 'dist/test/programs/agent-overrides.js'));
    program.searchParams.set('folder', this.folder);
    return { NODE_OPTIONS: `--import=${program}` };
  }

  /**
   * Resolves when both agents run with these overrides and are in contact; an agent that already does is left alone.
   */
  async become(stack: RunningStack, wanted: Overriding): Promise<void> {
    const changed = (['host-a', 'host-b'] as const).filter((agent) => wanted[agent] !== this.current[agent]);
    this.current = wanted;
    await Promise.all(changed.map((agent) => this.restart(stack, agent)));
  }

  /** Ends the agent in order, runs `meanwhile` while it is down, and resolves when its successor is in contact. */
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

/** A clock offset in libfaketime's notation, such as `+2h`; time passes at the machine's rate. */
export function clockOff(by: string): Variables {
  const library = readdirSync('/usr/lib')
    .map((triplet) => join('/usr/lib', triplet, 'faketime', 'libfaketimeMT.so.1'))
    .find((path) => existsSync(path));
  if (library === undefined) throw new Error('libfaketime is not installed: apt-get install faketime');
  return { LD_PRELOAD: library, FAKETIME: by, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}
