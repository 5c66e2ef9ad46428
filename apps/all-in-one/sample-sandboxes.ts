import { writeWhole } from '#libs/program/write-whole.js';
import type { AddressBlock } from './address-block.js';
import type { Home } from './home.js';
import type { SandboxKind } from './settings.js';

export const AGENTS = ['host-a', 'host-b'] as const;
export type AgentName = (typeof AGENTS)[number];

export interface SampleSandbox {
  readonly id: string;
  readonly agent: AgentName;
  /** Its loopback address, if sandboxes are processes on this machine. */
  readonly address: string;
}

export function sampleSandboxes(block: AddressBlock): readonly SampleSandbox[] {
  return [
    { id: 'sbx-web', agent: 'host-a', address: block.sandboxAddress(0, 0) },
    { id: 'sbx-api', agent: 'host-b', address: block.sandboxAddress(1, 0) },
    { id: 'sbx-worker', agent: 'host-b', address: block.sandboxAddress(1, 1) },
  ];
}

/**
 * Writes each agent's list of sandboxes. Only processes have their address in it; otherwise the agent assigns
 * addresses.
 */
export function writeSandboxFiles(home: Home, sandboxes: readonly SampleSandbox[], kind: SandboxKind): void {
  for (const agent of AGENTS) {
    const entries = sandboxes
      .filter((sandbox) => sandbox.agent === agent)
      .map(({ id, address }) => (kind === 'static' ? `- id: ${id}\n  address: ${address}\n` : `- id: ${id}\n`));
    writeWhole(home.sandboxFile(agent), entries.join(''), 0o644);
  }
}
