import { CodedError } from '#libs/contracts/errors.js';
import { type IpObject, ipObjects, ipObjectsOf } from '../ip-command.js';
import type { TakenContainer } from './take-containers.js';

/** Both ends of a container's link to the agent's bridge, and where its other traffic goes. */
export interface ContainerLink {
  /** The end on the host: a port of the bridge. */
  readonly port: string;
  /** The end inside the container. */
  readonly device: string;
  readonly macAddress: string;
  readonly address: string;
  /** The interface of the container's default route; null: it has none. */
  readonly defaultRouteDevice: string | null;
}

/** The Engine says that the container is connected to the bridge, but there is no such link. */
export class ContainerLinkMissingError extends CodedError {}

/** Inspects the container's network namespace. Errors: ContainerLinkMissingError, IpCommandError. */
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
