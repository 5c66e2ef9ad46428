import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cleanNamespaces } from '#apps/agent/sandboxes/netns/namespaces.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AddressBlock } from './address-block.js';

const run = promisify(execFile);

export class NamespacesUnavailableError extends CodedError {}

/** A network namespace that acts as a host. */
export interface HostNamespace {
  readonly name: string;
  /** Its address on the link to this machine and the other hosts. */
  readonly address: string;
  /** Prefix of its sandboxes' namespace names. */
  readonly sandboxPrefix: string;
}

/** Makes two hosts on one bridge; this machine has the bridge's address. Error: NamespacesUnavailableError. */
export async function makeHostNamespaces(
  block: AddressBlock,
  agents: readonly [string, string],
): Promise<readonly HostNamespace[]> {
  await requireNamespaces();
  await removeHostNamespaces(block, agents);
  const bridge = bridgeName(block);
  const { machine, prefixLength } = block.link;
  await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('addr', 'add', `${machine}/${prefixLength}`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  const hosts = hostNamespaces(block, agents);
  for (const [index, host] of hosts.entries()) {
    const port = portName(block, index);
    await ip('netns', 'add', host.name);
    await ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', host.name);
    await ip('link', 'set', port, 'master', bridge, 'up');
    await ip('-n', host.name, 'addr', 'add', `${host.address}/${prefixLength}`, 'dev', 'uplink');
    await ip('-n', host.name, 'link', 'set', 'uplink', 'up');
    await ip('-n', host.name, 'link', 'set', 'lo', 'up');
  }
  return hosts;
}

/** Removes the hosts, the bridge and every sandbox namespace under them. */
export async function removeHostNamespaces(block: AddressBlock, agents: readonly [string, string]): Promise<void> {
  const { stdout } = await ip('netns', 'list');
  const existing = new Set(stdout.split('\n').map((line) => line.split(' ')[0]));
  for (const host of hostNamespaces(block, agents)) {
    await cleanNamespaces(host.sandboxPrefix);
    if (existing.has(host.name)) await ip('netns', 'delete', host.name);
  }
  // The kernel removes a deleted namespace's links later, so they are removed explicitly: the next start would find
  // them otherwise.
  for (const index of agents.keys()) await ip('link', 'delete', portName(block, index)).catch(() => {});
  await ip('link', 'delete', bridgeName(block)).catch(() => {});
}

function hostNamespaces(block: AddressBlock, agents: readonly [string, string]): readonly HostNamespace[] {
  return agents.map((agent, index) => ({
    name: `gs${block.index}.${agent}`,
    address: block.link.hosts[index === 0 ? 0 : 1],
    sandboxPrefix: `gs${block.index}.${agent}.`,
  }));
}

function bridgeName(block: AddressBlock): string {
  return `gs${block.index}br`;
}

function portName(block: AddressBlock, index: number): string {
  return `${bridgeName(block)}-${index}`;
}

async function requireNamespaces(): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new NamespacesUnavailableError(
      'NAMESPACES_UNAVAILABLE',
      '--sandboxes netns makes network namespaces, which needs root on Linux',
      'run it as root, or use --sandboxes static',
    );
  }
  try {
    await ip('netns', 'list');
    await run('nsenter', ['--version']);
  } catch {
    throw new NamespacesUnavailableError(
      'NAMESPACES_UNAVAILABLE',
      '--sandboxes netns needs the commands ip and nsenter',
      'install iproute2 and util-linux, or use --sandboxes static',
    );
  }
}

function ip(...args: string[]): Promise<{ readonly stdout: string }> {
  return run('ip', args, { timeout: 10_000 });
}
