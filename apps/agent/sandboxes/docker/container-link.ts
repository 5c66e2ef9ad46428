import { CodedError } from '#libs/contracts/errors.js';
import { type IpObject, ipObjects, ipObjectsOf } from '../ip-command.js';
import type { TakenContainer } from './take-containers.js';

/** The two ends of a container's link to the agent's bridge, and where the rest of its traffic goes. */
export interface ContainerLink {
  /** On the host: a port of the bridge. */
  readonly port: string;
  /** Inside the container. */
  readonly device: string;
  readonly macAddress: string;
  readonly address: string;
  /** The interface that the container's default route leads to; null: it has none. */
  readonly defaultRouteDevice: string | null;
}

/** The container has no link to the bridge where the Engine says that it has one. */
export class ContainerLinkMissingError extends CodedError {}

/** Looks into the container's network namespace. Errors: ContainerLinkMissingError, IpCommandError. */
export async function findLink(bridge: string, { container, endpoint }: TakenContainer): Promise<ContainerLink> {
  const [inside, ports, routes] = await Promise.all([
    ipObjectsOf(container.pid, '-4', 'address', 'show'),
    ipObjects('link', 'show', 'master', bridge),
    ipObjectsOf(container.pid, '-4', 'route', 'show', 'default'),
  ]);
  const own = inside.find((link) => addressesOf(link).includes(endpoint.address));
  const port = ports.find(({ ifindex }) => ifindex === own?.link_index);
  if (typeof own?.ifname !== 'string' || typeof port?.ifname !== 'string') {
    throw new ContainerLinkMissingError(
      'CONTAINER_LINK_MISSING',
      `no interface of ${container.name} has ${endpoint.address} and leads to ${bridge}`,
      `docker restart ${container.name}`,
    );
  }
  const [route] = routes;
  return {
    port: port.ifname,
    device: own.ifname,
    macAddress: endpoint.macAddress,
    address: endpoint.address,
    defaultRouteDevice: typeof route?.dev === 'string' ? route.dev : null,
  };
}

function addressesOf({ addr_info: addresses }: IpObject): readonly unknown[] {
  return Array.isArray(addresses) ? addresses.map(({ local }: { local?: unknown }) => local) : [];
}
