import { loadRules, NftCommandError } from '../firewall/nft-command.js';
import { ALREADY_GONE, writeInsideOf } from '../ip-command.js';
import type { ContainerLink } from './container-link.js';

const TABLE = 'gstacks';

/** Addresses that Docker's own resolver answers at, inside every container of a network that a user made. */
const DOCKER_RESOLVER = '127.0.0.11';

export interface Resolving {
  readonly gateway: string;
  /** An alias may publish port 53. */
  readonly proxyRange: string;
  readonly usesDockerResolver: boolean;
}

/**
 * Leads the container's queries to the agent, whatever its resolv.conf says. A container on no other network has no
 * use for Docker's resolver, which answers the names of other containers: its queries go to the agent as well. On
 * another network Docker's resolver stays, and what it passes on goes to the agent.
 */
export function resolverRules(link: ContainerLink, { gateway, proxyRange, usesDockerResolver }: Resolving): string {
  const kept = usesDockerResolver ? 'ip daddr 127.0.0.0/8' : `ip daddr 127.0.0.0/8 ip daddr != ${DOCKER_RESOLVER}`;
  return `${noResolverRules()}
table ip ${TABLE} {
  chain output {
    type nat hook output priority -150; policy accept;
    ${kept} accept
    ip daddr != ${proxyRange} meta l4proto { tcp, udp } th dport 53 dnat to ${gateway}
  }
  chain postrouting {
    type nat hook postrouting priority 50; policy accept;
    oifname "${link.device}" ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 ip saddr != ${link.address} snat to ${link.address}
  }
}
`;
}

function noResolverRules(): string {
  return `table ip ${TABLE}\ndelete table ip ${TABLE}`;
}

/** Errors: NftCommandError, IpCommandError. */
export async function leadQueries(pid: number, link: ContainerLink, resolving: Resolving): Promise<void> {
  await loadRules(resolverRules(link, resolving), pid);
  // A query to 127.0.0.11 has the source 127.0.0.1, and its answer comes back to it from the bridge.
  const setting = `/proc/sys/net/ipv4/conf/${link.device}/route_localnet`;
  await writeInsideOf(pid, setting, resolving.usesDockerResolver ? '0' : '1');
}

/** Gives the container its own resolver back; nothing is done for one that has ended. */
export async function leaveQueries(pid: number): Promise<void> {
  try {
    await loadRules(noResolverRules(), pid);
  } catch (error) {
    if (!(error instanceof NftCommandError && ALREADY_GONE.test(error.message))) throw error;
  }
}
