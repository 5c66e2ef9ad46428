import type { AliasFailure } from '#libs/contracts/bus/from-member/applied.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, AliasName, NetworkId } from '#libs/contracts/ids.js';
import type { ProxyListeners, Route, RouteFailure } from '#libs/data-plane/data-plane.js';
import type { Snapshot } from '#libs/policy/model.js';
import type { NetworkNames } from '../dns/zone.js';
import type { AliasAddresses } from '../proxy/alias-addresses.js';
import { routeKey, routesOf, routesOfBoth } from '../proxy/routes.js';

/** Where a version shows besides in policy: listeners and names. */
export interface SettlingPorts {
  readonly agentId: AgentId;
  readonly addresses: AliasAddresses;
  readonly listeners: Pick<ProxyListeners, 'open' | 'retain'>;
  /** Resolves when the DNS worker serves these names. */
  readonly publishNames: (networkId: NetworkId, names: NetworkNames | null) => Promise<void>;
  /** Brings the listeners of names outside to the rules in force. */
  readonly followEgress: () => Promise<void>;
}

const MOST_FAILURES = 1_000;
const MOST_MESSAGE_CHARACTERS = 1_000;

/**
 * Brings listeners and names to a version: new listeners, names, then old listeners, so that no name ever leads
 * nowhere. What fails is told alias by alias and stops nothing else.
 */
export class Settling {
  /** Routes that may be open, by network: while a version settles, those of both versions. */
  private readonly routes = new Map<NetworkId, readonly Route[]>();
  /** The snapshot that everything follows, of networks where nothing failed. */
  private readonly settled = new Map<NetworkId, Snapshot>();

  constructor(private readonly ports: SettlingPorts) {}

  async settle(snapshot: Snapshot): Promise<readonly AliasFailure[]> {
    const { networkId } = snapshot;
    const before = this.settled.get(networkId);
    if (before !== undefined && showsTheSame(before, snapshot)) return [];
    this.settled.delete(networkId);
    const failures = await this.bring(snapshot);
    if (failures.length === 0 && snapshot.participates) this.settled.set(networkId, snapshot);
    return failures;
  }

  private async bring(snapshot: Snapshot): Promise<readonly AliasFailure[]> {
    const { addresses, listeners } = this.ports;
    const { networkId } = snapshot;
    const unassigned = this.assignAddresses(snapshot);
    await addresses.save();

    const before = this.routes.get(networkId) ?? [];
    const routes = routesOf(snapshot, (alias) => addresses.addressOf(networkId, alias));
    this.routes.set(networkId, routesOfBoth(before, routes));
    const closed = await listeners.open(routes);
    const unnamed = await this.publish(snapshot, routes, closed);

    this.routes.set(networkId, routes);
    await listeners.retain([...this.routes.values()].flat());
    await this.releaseAddresses(networkId, before, routes);
    await this.ports.followEgress();
    if (!snapshot.participates) this.routes.delete(networkId);
    return [...unassigned, ...closed.map(listenerFailure), ...unnamed].slice(0, MOST_FAILURES);
  }

  private assignAddresses({ networkId, aliases }: Snapshot): readonly AliasFailure[] {
    return aliases.flatMap(({ alias }) => {
      try {
        this.ports.addresses.assign(networkId, alias);
        return [];
      } catch (error) {
        return [aliasFailure(alias, error, 'ADDRESS_UNASSIGNED')];
      }
    });
  }

  /**
   * The name of an alias none of whose listeners is open leads nowhere: whoever listens at its address is then somebody
   * else, behind no policy.
   */
  private async publish(
    snapshot: Snapshot,
    routes: readonly Route[],
    closed: readonly RouteFailure[],
  ): Promise<readonly AliasFailure[]> {
    const { networkId, name, participates, sandboxes } = snapshot;
    const failed = new Set(closed.map(({ route }) => routeKey(route)));
    const open = routes.filter((route) => !failed.has(routeKey(route)));
    const here = sandboxes.filter(({ agentId }) => agentId === this.ports.agentId);
    const records = [...Map.groupBy(open, ({ alias }) => alias)].flatMap(([alias, [first, ...more]]) =>
      first === undefined ? [] : [{ alias, address: first.address, ports: [first, ...more].map(({ port }) => port) }],
    );
    const served = new Set(records.map(({ alias }) => alias));
    const names: NetworkNames = {
      name,
      records,
      unserved: snapshot.aliases.map(({ alias }) => alias).filter((alias) => !served.has(alias)),
      members: new Set(here.map(({ sandboxId }) => sandboxId)),
    };
    try {
      await this.ports.publishNames(networkId, participates ? names : null);
      return [];
    } catch (error) {
      return snapshot.aliases.map(({ alias }) => aliasFailure(alias, error, 'DNS_NOT_LOADED'));
    }
  }

  private async releaseAddresses(
    networkId: NetworkId,
    before: readonly Route[],
    after: readonly Route[],
  ): Promise<void> {
    const kept = new Set(after.map(({ alias }) => alias));
    const gone = new Set(before.map(({ alias }) => alias).filter((alias) => !kept.has(alias)));
    for (const alias of gone) this.ports.addresses.release(networkId, alias);
    await this.ports.addresses.save();
  }
}

/**
 * Whether listeners and names are the same for both. A delta leaves the lists that it does not touch, so that a change
 * of rules alone is told without a look at them.
 */
function showsTheSame(one: Snapshot, other: Snapshot): boolean {
  return (
    one.name === other.name &&
    one.participates === other.participates &&
    one.sandboxes === other.sandboxes &&
    one.aliases === other.aliases &&
    one.egress === other.egress
  );
}

function listenerFailure({ route, code, message }: RouteFailure): AliasFailure {
  return { alias: route.alias, code, message: message.slice(0, MOST_MESSAGE_CHARACTERS) };
}

function aliasFailure(alias: AliasName, error: unknown, otherwise: string): AliasFailure {
  const code = error instanceof CodedError ? error.code : otherwise;
  const message = error instanceof Error ? error.message : String(error);
  return { alias, code, message: message.slice(0, MOST_MESSAGE_CHARACTERS) };
}
