import { expect } from 'chai';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { EventReader } from './event-reader.js';
import { TestControlPlane } from './setup.js';

const MOST = 200;

describe('many streams of events', () => {
  let controlPlane: TestControlPlane;
  const readers: EventReader[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_EVENT_STREAMS: String(MOST) });
  });

  after(async () => {
    for (const reader of readers) reader.close();
    await controlPlane.end();
  });

  async function read(lastEventId = ''): Promise<EventReader> {
    const headers = { authorization: `Bearer ${controlPlane.adminToken}`, 'last-event-id': lastEventId };
    const reader = await EventReader.open(controlPlane.url, headers);
    readers.push(reader);
    return reader;
  }

  it('are all told the same, and one more is refused', async () => {
    await Promise.all(Array.from({ length: MOST }, () => read()));
    expect(readers.map(({ status }) => status)).to.deep.equal(Array(MOST).fill(200));
    const refused = await controlPlane.call('GET', '/v1/events');
    expect([refused.status, refused.body.code]).to.deep.equal([503, 'EVENT_STREAM_LIMIT']);
    expect(refused.headers.get('retry-after')).to.equal('1');
    const networks = Array.from({ length: 50 }, (_, index) => `network-${index}`);
    await Promise.all(networks.map((name) => controlPlane.call('POST', '/v1/networks', { name })));
    const told = (reader: EventReader) => reader.of('network').map(({ data }) => data.network);
    for (const reader of readers) await reader.until('every change', (one) => told(one).length === networks.length);
    const first = readers[0] === undefined ? [] : told(readers[0]);
    expect([...first].sort()).to.deep.equal([...networks].sort());
    for (const reader of readers) expect(told(reader)).to.deep.equal(first);
  });

  it('make room when they are closed, and a reader that missed too much is told to ask anew', async () => {
    const lastEventId = readers[0]?.lastEventId;
    for (const reader of readers.splice(0)) reader.close();
    const store = createEventStore({ databaseUrl: controlPlane.databaseUrl, onConnectionError: () => {} });
    try {
      await store.execute({
        ...{ commandId: 'many', actor: 'user:ada', requestHash: 'many', correlationId: 'many', causationId: null },
        ...{ streamId: 'other-1', expectedVersion: 0, claims: [], releases: [], result: null },
        events: Array.from({ length: 1_001 }, () => ({ type: 'Nothing', schemaVersion: 1, data: {} })),
      });
    } finally {
      await store.close();
    }
    const { body } = await controlPlane.call('POST', '/v1/networks', { name: 'after' });
    expect(body.version).to.equal(1);
    const reader = await read(lastEventId);
    await reader.until('resync', () => reader.of('resync').length > 0);
    expect(reader.of('resync')[0]?.data).to.include({ reason: 'TOO_FAR_BEHIND' });
    const again = await read(reader.lastEventId);
    await again.until('hello', ({ events }) => events.length > 0);
    expect(again.events[0]?.data).to.include({ resumed: true });
  });
});
