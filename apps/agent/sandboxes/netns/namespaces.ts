import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALREADY_GONE, ALREADY_THERE, ipInOrder, ipObjects, ipUnless, runTool, writeInside } from '../ip-command.js';
import type { HostAddress } from './choose-links.js';
import { LINK_PREFIX_BITS, LINK_PREFIX_BITS_6, type Link } from './link-addresses.js';
import { hardenLink } from './link-kernel-settings.js';
import { interfaceName } from './namespace-names.js';

/** Name of the link's end inside the namespace. */
const INSIDE = 'eth0';
/** `ip netns exec` mounts the files of this folder over those in /etc. */
const CONFIG_FOLDER = '/etc/netns';

/** Names of all network namespaces of `ip netns` with this prefix. */
export async function listNamespaces(prefix: string): Promise<readonly string[]> {
  const namespaces = await ipObjects('netns', 'list');
  return namespaces.flatMap(({ name }) => (typeof name === 'string' && name.startsWith(prefix) ? [name] : []));
}

/** Every IPv4 address of this host, by interface. */
export async function hostAddresses(): Promise<readonly HostAddress[]> {
  const links = await ipObjects('-4', 'address', 'show');
  return links.flatMap(({ ifname, addr_info: addresses }) =>
    Array.isArray(addresses)
      ? addresses.flatMap(({ local }: { local?: unknown }) =>
          typeof local === 'string' && typeof ifname === 'string' ? [{ link: ifname, address: local }] : [],
        )
      : [],
  );
}

/**
 * Makes a namespace and its link, or repairs what exists. What exists stays up meanwhile, so a restarted agent cuts no
 * connection of the sandbox.
 */
export async function ensureNamespace(namespace: string, link: Link): Promise<void> {
  const outside = interfaceName(namespace);
  await ipUnless(ALREADY_THERE, 'netns', 'add', namespace);
  await ipUnless(ALREADY_THERE, 'link', 'add', outside, 'type', 'veth', 'peer', 'name', INSIDE, 'netns', namespace);
  hardenLink(outside);
  await ipInOrder([], [...addresses(outside, link.agentAddress, link.agentAddress6), `link set ${outside} up`]);

  await writeInside(namespace, `/proc/sys/net/ipv6/conf/${INSIDE}/accept_ra`, '0');
  await ipInOrder(
    ['-n', namespace],
    [
      'link set lo up',
      ...addresses(INSIDE, link.sandboxAddress, link.sandboxAddress6),
      `link set ${INSIDE} up`,
      `route replace default via ${link.agentAddress}`,
      `route replace default via ${link.agentAddress6} dev ${INSIDE}`,
    ],
  );
  writeResolverConfig(namespace, link.agentAddress);
}

/** Removes the namespace, its link and its files. Processes inside go on without a network. */
export async function removeNamespace(namespace: string): Promise<void> {
  await ipUnless(ALREADY_GONE, 'link', 'del', interfaceName(namespace));
  await ipUnless(ALREADY_GONE, 'netns', 'del', namespace);
  rmSync(join(CONFIG_FOLDER, namespace), { recursive: true, force: true });
}

/** Removes every namespace with this prefix. */
export async function cleanNamespaces(prefix: string): Promise<void> {
  for (const namespace of await listNamespaces(prefix)) await removeNamespace(namespace);
}

function addresses(device: string, v4: string, v6: string): readonly string[] {
  return [
    `address replace ${v4}/${LINK_PREFIX_BITS} dev ${device}`,
    `address replace ${v6}/${LINK_PREFIX_BITS_6} dev ${device} nodad`,
  ];
}

/** The resolv.conf of processes that `ip netns exec` starts in the namespace. */
export function resolverConfigOf(namespace: string): string {
  return join(CONFIG_FOLDER, namespace, 'resolv.conf');
}

/** Processes in the namespace. */
export async function pidsIn(namespace: string, signal: AbortSignal): Promise<readonly number[]> {
  const printed = await runTool(['ip', 'netns', 'pids', namespace], signal);
  return printed.split('\n').filter(Boolean).map(Number);
}

function writeResolverConfig(namespace: string, resolver: string): void {
  const folder = join(CONFIG_FOLDER, namespace);
  const path = resolverConfigOf(namespace);
  const text = `nameserver ${resolver}\n`;
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
