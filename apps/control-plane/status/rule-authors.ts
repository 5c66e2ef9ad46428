import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ListedRuleDto } from '#libs/contracts/http/rules.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { EventStore, StoredEvent } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE, LOGGER } from '../foundation/provided.js';

/** Who wrote a rule, and when. */
type Authorship = Pick<ListedRuleDto, 'by' | 'at'>;

/** The authors of rules, which only the log knows: the event of the version that brought a rule. */
@Injectable()
export class RuleAuthors {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Each rule's author, in the order of the rules. While the log cannot be read, they are null. */
  async of(
    { networkId }: Pick<Topology, 'networkId'>,
    rules: readonly { readonly since: number }[],
  ): Promise<readonly Authorship[]> {
    const versions = rules.map(({ since }) => since);
    const events = await this.read(networkId, versions);
    const made = new Map(events.map((event) => [event.streamVersion, event]));
    return versions.map((version) => {
      const event = made.get(version);
      return { by: event?.actor ?? null, at: event?.recordedAt ?? null };
    });
  }

  private async read(networkId: Topology['networkId'], versions: readonly number[]): Promise<readonly StoredEvent[]> {
    if (versions.length === 0) return [];
    try {
      return await this.store.readVersions(streamOf(NETWORK, networkId), versions);
    } catch (error) {
      this.logger.warn(
        { err: error, networkId, versions: versions.length },
        'the authors of rules could not be read: they are shown as unknown',
      );
      return [];
    }
  }
}
