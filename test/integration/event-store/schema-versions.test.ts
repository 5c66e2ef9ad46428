import { expect } from 'chai';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { foldStored, type StoredDomainEvent, streamOf } from '#libs/domain/aggregate.js';
import { storedEvent, upcastsByType } from '#libs/domain/aggregates.js';
import type { Upcast } from '#libs/domain/event-schemas.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { Upcasters } from '#libs/event-store/upcasters.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { command } from '#test/support/commands.js';
import { freshDatabase } from '#test/support/postgres.js';
import { attached, created, published, rule } from '../../unit/policy/network-events.js';

const NETWORK_ID = parseNetworkId('0a1b', 'network');
const STREAM = streamOf(NETWORK, NETWORK_ID);

/** The next release: aliases have a protocol, which is TCP for those that were published before. */
const withProtocol: Upcast = (data) => ({ ...data, protocol: 'tcp' });
const NEXT: typeof NETWORK = {
  ...NETWORK,
  schemas: { ...NETWORK.schemas, AliasPublished: { upcasts: [withProtocol] } },
};

describe('a store of today, read by a release in which an event has a second schema version', () => {
  let databaseUrl: string;
  const opened: EventStore[] = [];

  function open(upcasts: ReturnType<typeof upcastsByType>): EventStore {
    const store = createEventStore({ databaseUrl, upcasters: new Upcasters(upcasts), onConnectionError: () => {} });
    opened.push(store);
    return store;
  }

  const next = () => open({ ...upcastsByType(), AliasPublished: NEXT.schemas.AliasPublished.upcasts });

  const append = (store: EventStore, expectedVersion: number, events: readonly StoredDomainEvent[]) =>
    store.execute(command({ commandId: `after-${expectedVersion}`, streamId: STREAM, expectedVersion, events }));

  before(async () => {
    databaseUrl = await freshDatabase();
    const today: readonly NetworkEvent[] = [
      created(),
      attached('sbx-api', 'host-a'),
      published('api', 'sbx-api', 8080),
      rule('0001', 'allow any -> api:8080'),
    ];
    await append(open(upcastsByType()), 0, today.map(storedEvent));
  });

  after(() => Promise.all(opened.map((store) => store.close())));

  it('reads events of version 1 as version 2, and folds them', async () => {
    const stored = await next().readStream(STREAM);
    const alias = stored.find(({ type }) => type === 'AliasPublished');
    expect(alias).to.deep.include({
      schemaVersion: 2,
      data: withProtocol(storedEvent(published('api', 'sbx-api', 8080)).data),
    });
    expect(foldStored(NEXT, null, stored)).to.deep.include({ version: 4, name: 'dev' });
  });

  it('leaves the stored text and its hash chain as they are', async () => {
    const before = await verifyLog(databaseUrl);
    await next().readStream(STREAM);
    expect(await verifyLog(databaseUrl)).to.deep.equal(before);
  });

  it('writes version 2, which the release of today refuses by name instead of misreading it', async () => {
    const { type, data } = storedEvent(published('web', 'sbx-api', 80));
    await append(next(), 4, [{ type, schemaVersion: 2, data: withProtocol(data) }]);
    expect(foldStored(NEXT, null, await next().readStream(STREAM))?.aliases.size).to.equal(2);
    const refusal = await open(upcastsByType())
      .readStream(STREAM)
      .then((events) => foldStored(NETWORK, null, events))
      .catch((error: unknown) => error);
    expect(String(refusal))
      .to.include('AliasPublished')
      .and.match(/version 2/);
  });
});
