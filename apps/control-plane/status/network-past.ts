import { Inject, Injectable } from '@nestjs/common';
import { CodedError } from '#libs/contracts/errors.js';
import type { PastChangeDto, PastVersionDto } from '#libs/contracts/http/history.js';
import type { NetworkId, NetworkName } from '#libs/contracts/ids.js';
import type { Moment } from '#libs/contracts/moments.js';
import { foldStored, streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import type { EventStore, StoredEvent } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { NotFoundError, networkNotFound } from '../http/errors.js';
import { Checkpoints } from '../record/checkpoints.js';
import { Directory } from '../record/directory.js';
import { changeDto, readableEvent } from './change-descriptions.js';
import { NO_RULES_TOLD, type ToldRules, toldRules } from './told-rules.js';

/** One network at one of its versions. */
export interface PastNetwork {
  readonly version: PastVersionDto;
  /** null: it did not exist. */
  readonly topology: Topology | null;
}

/** A network that exists or existed, from the log alone. */
export interface PastOfNetwork {
  readonly networkId: NetworkId;
  readonly name: NetworkName;
  /** The last version. */
  readonly version: number;
}

const READ_AT_ONCE = 1_000;

const REMOVALS: ReadonlySet<string> = new Set<NetworkEvent['type']>([
  'PolicyRuleRemoved',
  'PolicyRuleExpired',
  'EgressRuleRemoved',
  'EgressRuleExpired',
]);
const ADDITIONS: ReadonlySet<string> = new Set<NetworkEvent['type']>(['PolicyRuleAdded', 'EgressRuleAdded']);

@Injectable()
export class NetworkPast {
  constructor(
    private readonly directory: Directory,
    private readonly checkpoints: Checkpoints,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** The network with this name, or the last deleted one. Error: NETWORK_NOT_FOUND. */
  async find(name: NetworkName): Promise<PastOfNetwork> {
    const networkId = this.directory.networkNamed(name)?.topology.networkId ?? this.directory.lastNetworkNamed(name);
    if (networkId === null) throw networkNotFound(name);
    return { networkId, name, version: await this.store.streamVersion(streamOf(NETWORK, networkId)) };
  }

  /** Error: VERSION_NOT_FOUND. */
  async versionAt({ networkId, name, version: last }: PastOfNetwork, moment: Moment): Promise<number> {
    if (moment.kind === 'time') return this.store.streamVersionAt(streamOf(NETWORK, networkId), moment.at);
    if (moment.version > last) {
      throw new NotFoundError(
        'VERSION_NOT_FOUND',
        `${name} has no version ${moment.version}: the last one is ${last}`,
        `see \`gstacks network history ${name}\``,
      );
    }
    return moment.version;
  }

  /** Error: EVENT_UNKNOWN for a version that only a newer release can read. */
  async at(network: PastOfNetwork, version: number): Promise<PastNetwork> {
    const checkpoint = version === 0 ? null : await this.checkpoints.lastUpTo(network.networkId, version);
    const from = checkpoint?.version ?? 0;
    const folded = foldStored(NETWORK, checkpoint, await this.events(network, from, version));
    const around = await this.events(network, Math.max(0, version - 1), version + 1);
    const recorded = (wanted: number) =>
      around.find(({ streamVersion }) => streamVersion === wanted)?.recordedAt ?? null;
    return {
      version: { version, since: recorded(version), until: recorded(version + 1) },
      topology: folded === null || folded.deleted ? null : folded,
    };
  }

  /** The network at a version at which it must exist. Errors: NETWORK_ABSENT, EVENT_UNKNOWN. */
  async existing(network: PastOfNetwork, version: number): Promise<PastNetwork & { readonly topology: Topology }> {
    const past = await this.at(network, version);
    const { topology } = past;
    if (topology !== null) return { ...past, topology };
    const { since, until } = past.version;
    throw new NetworkAbsentError(
      `${network.name} ${since === null ? `did not exist before ${until}` : `was deleted at ${since}`}`,
      `see \`gstacks network history ${network.name}\` for its versions`,
    );
  }

  events({ networkId }: PastOfNetwork, after: number, upTo: number): Promise<readonly StoredEvent[]> {
    return this.store.readStream(streamOf(NETWORK, networkId), after, upTo);
  }

  /** Every event of the network after a version and up to another, in order, some at a time. */
  async *allEvents(network: PastOfNetwork, from = 0, upTo = network.version): AsyncGenerator<StoredEvent> {
    for (let after = from; after < upTo; after += READ_AT_ONCE) {
      yield* await this.events(network, after, Math.min(after + READ_AT_ONCE, upTo));
    }
  }

  /** The change that made this version. */
  async change(network: PastOfNetwork, version: number): Promise<PastChangeDto | null> {
    const [change] = await this.changes(network, await this.events(network, version - 1, version));
    return change ?? null;
  }

  /** These events in words, each with the rule that it removes. */
  async changes(network: PastOfNetwork, events: readonly StoredEvent[]): Promise<readonly PastChangeDto[]> {
    const rules = await this.rulesRemovedBy(network, events);
    return events.map((event) => pastChangeDto(event, network, rules));
  }

  /** The rules that these events remove; none before a version that only a newer release can read. */
  async rulesRemovedBy(network: PastOfNetwork, events: readonly StoredEvent[]): Promise<ToldRules> {
    const removals = events.filter(({ type }) => REMOVALS.has(type)).map(({ streamVersion }) => streamVersion);
    if (removals.length === 0) return NO_RULES_TOLD;
    const first = Math.min(...removals);
    const added: NetworkEvent[] = [];
    for await (const stored of this.allEvents(network, first, Math.max(...removals))) {
      const event = readableEvent(stored);
      if (event !== null && ADDITIONS.has(event.type)) added.push(event);
    }
    return toldRules(await this.topologyIfReadable(network, first - 1), added);
  }

  private async topologyIfReadable(network: PastOfNetwork, version: number): Promise<Topology | null> {
    try {
      return (await this.at(network, version)).topology;
    } catch (error) {
      if (error instanceof CodedError) return null;
      throw error;
    }
  }
}

/** The network did not exist yet, or no longer. */
class NetworkAbsentError extends NotFoundError {
  constructor(message: string, remedy: string) {
    super('NETWORK_ABSENT', message, remedy);
  }
}

export function pastChangeDto(event: StoredEvent, { networkId, name }: PastOfNetwork, rules: ToldRules): PastChangeDto {
  return { ...changeDto(event, networkId, name, rules), commandId: event.commandId };
}
