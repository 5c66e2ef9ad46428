import { expect } from 'chai';
import { type Ran, type Running, type RunningStack, ran } from './stack.js';
import { waitFor } from './wait.js';

/** curl's exit codes for a connection that was reset: while it was opened, at its request, or while bytes came. */
export const RESET_EXITS = [7, 18, 55, 56];

/** One request by a sandbox, without retries and without a proxy from the environment. */
export function curl(stack: RunningStack, sandboxId: string, url: string, ...options: string[]): Promise<Ran> {
  return stack.inSandbox(sandboxId, 'curl', '-sSv', '--max-time', '10', ...options, url).ended;
}

/** The connection was reset, not refused or ended cleanly. */
export function expectReset(result: Ran): void {
  expect(RESET_EXITS, `${result.stdout}${result.stderr}`).to.include(result.code);
  expect(result.stderr).to.match(/reset by peer/i);
}

/** Opens connections from the sandbox that stay open and idle, and resolves when each has its first bytes. */
export async function hold(
  stack: RunningStack,
  sandboxId: string,
  url: string,
  count: number,
): Promise<readonly Running[]> {
  const held = Array.from({ length: count }, () => stack.inSandbox(sandboxId, 'curl', '-sSvN', url));
  await waitFor(`${count} connections are open`, () => held.every((running) => running.stdout().includes('held')));
  return held;
}

/** This includes an agent that has just restarted: its reports count from its first inventory on. */
export function namespaceOf(stack: RunningStack, sandboxId: string): Promise<string> {
  return waitFor(`${sandboxId} has a namespace`, async () => {
    const sandbox = (await stack.json(['sandbox', 'show', sandboxId])) as { readonly namespace: string | null };
    return sandbox.namespace ?? false;
  });
}

/** The sandbox's own global addresses. */
export async function addressesOf(
  stack: RunningStack,
  sandboxId: string,
): Promise<{ readonly v4: string; readonly v6: string }> {
  const { stdout } = await ran('ip', [
    '-n',
    await namespaceOf(stack, sandboxId),
    '-j',
    'address',
    'show',
    'scope',
    'global',
  ]);
  const links: { addr_info: { family: string; local: string }[] }[] = JSON.parse(stdout);
  const addresses = links.flatMap((link) => link.addr_info);
  const local = (family: string): string => addresses.find((entry) => entry.family === family)?.local ?? '';
  return { v4: local('inet'), v6: local('inet6') };
}
