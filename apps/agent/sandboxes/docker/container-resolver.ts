import { loadRules, NftCommandError } from '../firewall/nft-command.js';
import { ALREADY_GONE, writeInsideOf } from '../ip-command.js';
import type { ContainerLink } from './container-link.js';

const TABLE = 'gstacks';

/** The address of Docker's own resolver inside every container on a user-made network. */
const DOCKER_RESOLVER = '127.0.0.11';

export interface Resolving {
  readonly gateway: string;
  /** Excluded, because an alias may publish port 53. */
  readonly proxyRange: string;
  readonly usesDockerResolver: boolean;
}

/**
 * Redirects the container's queries to the agent, whatever its resolv.conf contains. A container on no other network
 * does not need Docker's resolver, which answers names of other containers: queries to it are redirected too. A
 * container on another network keeps Docker's resolver, and what that forwards is redirected.
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
  // A query to 127.0.0.11 has the source address 127.0.0.1, and its answer arrives from the bridge for that address.
  const setting = `/proc/sys/net/ipv4/conf/${link.device}/route_localnet`;
  await writeInsideOf(pid, setting, resolving.usesDockerResolver ? '0' : '1');
}

/** Removes the redirection; does nothing for a container that has ended. */
export async function leaveQueries(pid: number): Promise<void> {
  try {
    await loadRules(noResolverRules(), pid);
  } catch (error) {
    if (!(error instanceof NftCommandError && ALREADY_GONE.test(error.message))) throw error;
  }
}
