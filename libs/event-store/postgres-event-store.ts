import { InvalidInputError } from '#libs/contracts/errors.js';
import { AppendConnection } from './append-connection.js';
import type { OnDiskFull } from './connection.js';
import { EventReader } from './event-reader.js';
import type {
  CommandOutcome,
  CommandRow,
  CommandWrite,
  EventStore,
  StoredEvent,
  Subscription,
  UniqueClaim,
} from './event-store.js';
import { GroupCommit } from './group-commit.js';
import { LogSubscription } from './log-subscription.js';
import { NotificationListener } from './notification-listener.js';
import { Upcasters } from './upcasters.js';

/** The largest stream version that the column can hold. */
const LAST_VERSION = 2 ** 31 - 1;

export interface EventStoreSettings {
  readonly databaseUrl: string;
  readonly upcasters?: Upcasters;
  /** Called when a connection is lost in the background; the store reconnects by itself. */
  readonly onConnectionError: (error: unknown) => void;
  /** The longest delay of an event whose notification was lost. */
  readonly pollIntervalMs?: number;
  /** Called whenever the database reports a full disk. */
  readonly onDiskFull?: OnDiskFull;
  /** How long a command or a read waits for a database that does not answer. */
  readonly giveUpAfterMs?: number;
  readonly maxBatchCommands?: number;
  readonly subscriptionBatchSize?: number;
}

/** An event store in a database that `migrate` has prepared. Connects on first use; `close` ends all connections. */
export function createEventStore(settings: EventStoreSettings): EventStore {
  return new PostgresEventStore(settings);
}

class PostgresEventStore implements EventStore {
  private readonly appends: GroupCommit;
  private readonly reader: EventReader;
  private readonly listener: NotificationListener;
  private readonly upcasters: Upcasters;
  private closing: Promise<void> | null = null;
  private readonly subscriptions = new Set<Subscription>();

  constructor(private readonly settings: EventStoreSettings) {
    const { databaseUrl, onConnectionError, giveUpAfterMs = 30_000, onDiskFull = () => {} } = settings;
    this.appends = new GroupCommit(
      new AppendConnection(databaseUrl, giveUpAfterMs, onDiskFull, () => performance.now()),
      settings.maxBatchCommands ?? 512,
      giveUpAfterMs,
    );
    this.reader = new EventReader(databaseUrl, giveUpAfterMs, onConnectionError);
    this.listener = new NotificationListener(databaseUrl, onConnectionError);
    this.upcasters = settings.upcasters ?? new Upcasters();
  }

  async execute(write: CommandWrite): Promise<CommandOutcome> {
    requireWellFormed(write);
    return this.appends.add(write);
  }

  findCommand(actor: string, commandId: string): Promise<CommandRow | null> {
    return this.reader.command(actor, commandId);
  }

  async readStream(streamId: string, afterVersion = 0, upToVersion = LAST_VERSION): Promise<readonly StoredEvent[]> {
    const events = await this.reader.stream(streamId, afterVersion, upToVersion);
    return events.map((event) => this.upcasters.upcast(event));
  }

  async readVersions(streamId: string, versions: readonly number[]): Promise<readonly StoredEvent[]> {
    const events = await this.reader.versions(streamId, versions);
    return events.map((event) => this.upcasters.upcast(event));
  }

  streamVersionAt(streamId: string, at: Date): Promise<number> {
    return this.reader.streamVersionAt(streamId, at);
  }

  streamVersion(streamId: string): Promise<number> {
    return this.reader.streamVersion(streamId);
  }

  async readAll(after: number, limit: number): Promise<readonly StoredEvent[]> {
    const events = await this.reader.all(after, limit);
    return events.map((event) => this.upcasters.upcast(event));
  }

  subscribe(
    after: number,
    handle: (events: readonly StoredEvent[]) => Promise<void>,
    onError: (error: unknown) => void,
  ): Subscription {
    const following = new LogSubscription({
      after,
      batchSize: this.settings.subscriptionBatchSize ?? 1_000,
      pollIntervalMs: this.settings.pollIntervalMs ?? 1_000,
      read: (position, limit) => this.readAll(position, limit),
      handle,
      onError,
      listen: (wake) => this.listener.add(wake),
    });
    const subscription = {
      close: async (): Promise<void> => {
        this.subscriptions.delete(subscription);
        await following.close();
      },
    };
    this.subscriptions.add(subscription);
    return subscription;
  }

  findClaim(claim: UniqueClaim): Promise<string | null> {
    return this.reader.claim(claim);
  }

  /** In order: stops deliveries, finishes the commands taken, closes the connections. May be called again. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    await Promise.all([...this.subscriptions].map((subscription) => subscription.close()));
    await this.listener.close();
    await this.appends.close();
    await this.reader.close();
  }
}

/**
 * Half of a surrogate pair would be stored as another character than was hashed. In data and metadata, JSON escapes it.
 */
function requireWellFormed(write: CommandWrite): void {
  const { streamId, actor, commandId, requestHash, correlationId, causationId, events } = write;
  const fields = { streamId, actor, commandId, requestHash, correlationId, causationId: causationId ?? '' };
  for (const [field, text] of [...Object.entries(fields), ...events.map(({ type }) => ['type', type] as const)]) {
    if (!text.isWellFormed()) throw new InvalidInputError(field, text, 'well-formed Unicode');
  }
}
