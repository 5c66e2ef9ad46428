import type { AliasFailure } from '#libs/contracts/bus/from-member/applied.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, AliasName, NetworkId } from '#libs/contracts/ids.js';
import type { ProxyListeners, Route, RouteFailure } from '#libs/data-plane/data-plane.js';
import type { Snapshot } from '#libs/policy/model.js';
import { placeOf } from '#libs/policy/order.js';
import { diff } from '#libs/policy/snapshot-delta.js';
import { treeOf } from '#libs/policy/snapshot-digest.js';
import type { NamesChange } from '../dns/zone.js';
import type { AliasAddresses } from '../proxy/alias-addresses.js';
import { routeKey, routesOf, routesOfBoth } from '../proxy/routes.js';

/** Where a version shows besides in policy: listeners and names. */
export interface SettlingPorts {
  readonly agentId: AgentId;
  readonly addresses: AliasAddresses;
  readonly listeners: Pick<ProxyListeners, 'open' | 'shut'>;
  /** Resolves when the DNS worker serves the network's names so; null: it has none here. */
  readonly publishNames: (networkId: NetworkId, change: NamesChange | null) => Promise<void>;
  /** Brings the listeners of names outside to the rules in force. */
  readonly followEgress: () => Promise<void>;
}

const MOST_FAILURES = 1_000;
const MOST_MESSAGE_CHARACTERS = 1_000;

/** What this host has of one network. */
interface SettledNetwork {
  /** Routes that may be open: while a version settles, those of both versions. */
  readonly routes: Map<AliasName, readonly Route[]>;
  /** The version that listeners and names follow, except for aliases that failed. null: unknown, so all are settled. */
  last: { readonly snapshot: Snapshot; readonly failed: ReadonlySet<AliasName> } | null;
}

/**
 * Brings listeners and names to a version: new listeners, names, then old listeners, so that no name ever leads
 * nowhere. Only aliases that changed since the version before, or failed then, are touched. What fails is reported
 * alias by alias and stops nothing else.
 */
export class Settling {
  private readonly networks = new Map<NetworkId, SettledNetwork>();

  constructor(private readonly ports: SettlingPorts) {}

  async settle(snapshot: Snapshot): Promise<readonly AliasFailure[]> {
    const { networkId, participates } = snapshot;
    const network: SettledNetwork = this.networks.get(networkId) ?? { routes: new Map(), last: null };
    this.networks.set(networkId, network);
    const { last } = network;
    if (last !== null && last.failed.size === 0 && showsTheSame(last.snapshot, snapshot)) return [];
    const touched =
      last === null ? everyAlias(network, snapshot) : changedAliases(last.snapshot, snapshot, last.failed);
    network.last = null;
    const { failures, areNamed } = await this.bring(network, snapshot, touched, last === null);
    if (areNamed) network.last = { snapshot, failed: new Set(failures.map(({ alias }) => alias)) };
    if (!participates) this.networks.delete(networkId);
    return failures.slice(0, MOST_FAILURES);
  }

  /** `isAll`: `touched` are all aliases of the network. */
  private async bring(
    network: SettledNetwork,
    snapshot: Snapshot,
    touched: readonly AliasName[],
    isAll: boolean,
  ): Promise<{ readonly failures: readonly AliasFailure[]; readonly areNamed: boolean }> {
    const { addresses, listeners } = this.ports;
    const { networkId } = snapshot;
    const records = touched.flatMap((alias) => recordOf(snapshot, alias) ?? []);
    const unassigned = this.assignAddresses(networkId, records);
    await addresses.save();

    const before = touched.flatMap((alias) => network.routes.get(alias) ?? []);
    const routes = routesOf(networkId, records, (alias) => addresses.addressOf(networkId, alias));
    keepRoutes(network, touched, routesOfBoth(before, routes));
    const closed = await listeners.open(routes);
    const unnamed = await this.publish(snapshot, touched, isAll, routes, closed);
    const failures = [...unassigned, ...closed.map(listenerFailure), ...(unnamed ?? [])];

    const kept = new Set(routes.map(routeKey));
    await listeners.shut(before.filter((route) => !kept.has(routeKey(route))));
    keepRoutes(network, touched, routes);
    await this.releaseAddresses(networkId, before, routes);
    await this.ports.followEgress();
    return { failures, areNamed: unnamed === null };
  }

  private assignAddresses(networkId: NetworkId, aliases: Snapshot['aliases']): readonly AliasFailure[] {
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
   * else, behind no policy. null: the names are served.
   */
  private async publish(
    snapshot: Snapshot,
    touched: readonly AliasName[],
    isAll: boolean,
    routes: readonly Route[],
    closed: readonly RouteFailure[],
  ): Promise<readonly AliasFailure[] | null> {
    const { networkId, name, participates, sandboxes } = snapshot;
    const failed = new Set(closed.map(({ route }) => routeKey(route)));
    const open = routes.filter((route) => !failed.has(routeKey(route)));
    const here = sandboxes.filter(({ agentId }) => agentId === this.ports.agentId);
    const records = [...Map.groupBy(open, ({ alias }) => alias)].flatMap(([alias, [first, ...more]]) =>
      first === undefined ? [] : [{ alias, address: first.address, ports: [first, ...more].map(({ port }) => port) }],
    );
    const served = new Set(records.map(({ alias }) => alias));
    const unserved = touched.filter((alias) => !served.has(alias) && recordOf(snapshot, alias) !== null);
    const change: NamesChange = {
      name,
      records,
      unserved,
      gone: isAll ? 'all others' : touched.filter((alias) => recordOf(snapshot, alias) === null),
      members: new Set(here.map(({ sandboxId }) => sandboxId)),
    };
    try {
      await this.ports.publishNames(networkId, participates ? change : null);
      return null;
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

/** Aliases of the snapshot, and aliases that may still have listeners. */
function everyAlias({ routes }: SettledNetwork, { aliases }: Snapshot): readonly AliasName[] {
  return [...new Set([...aliases.map(({ alias }) => alias), ...routes.keys()])];
}

function changedAliases(before: Snapshot, after: Snapshot, failed: ReadonlySet<AliasName>): readonly AliasName[] {
  const { gone, put } = diff(treeOf(before), treeOf(after)).aliases;
  return [...new Set([...failed, ...gone, ...put.map(({ alias }) => alias)])];
}

function recordOf({ aliases }: Snapshot, alias: AliasName): Snapshot['aliases'][number] | null {
  const record = aliases[placeOf(aliases, alias, (each) => each.alias)];
  return record?.alias === alias ? record : null;
}

/** Replaces the routes of these aliases. */
function keepRoutes({ routes }: SettledNetwork, aliases: readonly AliasName[], now: readonly Route[]): void {
  const ofAlias = Map.groupBy(now, ({ alias }) => alias);
  for (const alias of aliases) {
    const own = ofAlias.get(alias);
    if (own === undefined) routes.delete(alias);
    else routes.set(alias, own);
  }
}

function listenerFailure({ route, code, message }: RouteFailure): AliasFailure {
  return { alias: route.alias, code, message: message.slice(0, MOST_MESSAGE_CHARACTERS) };
}

function aliasFailure(alias: AliasName, error: unknown, otherwise: string): AliasFailure {
  const code = error instanceof CodedError ? error.code : otherwise;
  const message = error instanceof Error ? error.message : String(error);
  return { alias, code, message: message.slice(0, MOST_MESSAGE_CHARACTERS) };
}
