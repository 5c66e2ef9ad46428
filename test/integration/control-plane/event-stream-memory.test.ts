import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { Client } from 'pg';
import { EventStream } from '#apps/control-plane/events/event-stream.js';
import type { MessageBatch } from '#apps/control-plane/events/message-batch.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { EventReader } from './event-reader.js';
import { TestControlPlane } from './setup.js';

const READERS = 50;
const CHANGES = 40;
/** The last one may still be on its way. */
const MOST_BATCHES = 1;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** The objects that were seen, as long as something references them. */
class Seen {
  private readonly known = new WeakSet<object>();
  private references: WeakRef<object>[] = [];

  note(one: object): void {
    if (this.known.has(one)) return;
    this.known.add(one);
    this.references.push(new WeakRef(one));
  }

  /** A WeakRef that was read stays alive until the event loop has continued. */
  async kept(): Promise<number> {
    await setImmediate();
    collect();
    this.references = this.references.filter((reference) => reference.deref() !== undefined);
    return this.references.length;
  }
}

describe('what the control plane keeps for readers of the stream of events', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  after(() => controlPlane.end());

  const streamsOpen = async (): Promise<string> => {
    const metrics = await (await fetch(`${controlPlane.url}/metrics`)).text();
    return /^gs_event_streams (\d+)$/m.exec(metrics)?.[1] ?? 'none';
  };

  it('is nothing of what was read, and nothing of readers that are gone', async () => {
    const [streams, batches] = [new Seen(), new Seen()];
    const { take } = EventStream.prototype;
    EventStream.prototype.take = function (this: EventStream, batch: MessageBatch): void {
      streams.note(this);
      batches.note(batch);
      take.call(this, batch);
    };
    try {
      const headers = { authorization: `Bearer ${controlPlane.adminToken}` };
      const readers = await Promise.all(
        Array.from({ length: READERS }, () => EventReader.open(controlPlane.url, headers)),
      );
      // One after the other, so that there are many batches.
      const networks = Array.from({ length: CHANGES }, (_, index) => `network-${index}`);
      for (const name of networks) await controlPlane.call('POST', '/v1/networks', { name });
      for (const reader of readers) {
        await reader.until('every change', (one) => one.of('network').length === networks.length);
      }
      expect(await streams.kept()).to.equal(READERS);
      await waitFor('no batch that was read is kept', async () => (await batches.kept()) <= MOST_BATCHES);
      for (const reader of readers) reader.close();
      await waitFor('no stream that has ended is kept', async () => (await streams.kept()) === 0);
      expect(await streamsOpen()).to.equal('0');
    } finally {
      EventStream.prototype.take = take;
    }
  });

  it('is nothing of a reader that goes away while it is looked up who asks', async () => {
    const database = new Client({ connectionString: controlPlane.databaseUrl });
    await database.connect();
    const { hostname, port } = new URL(controlPlane.url);
    const request = `GET /v1/events HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: Bearer ${controlPlane.adminToken}\r\n\r\n`;
    try {
      await database.query('BEGIN; LOCK TABLE api_tokens IN ACCESS EXCLUSIVE MODE');
      const socket = connect(Number(port), hostname, () => socket.write(request));
      const lookUps = `SELECT 1 FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%api_tokens%'`;
      await waitFor(
        'the token is being looked up',
        async () => (await query(controlPlane.databaseUrl, lookUps)).length > 0,
      );
      socket.destroy();
      // Answered by the same process, without the database: by then it has seen that the connection is closed.
      await streamsOpen();
    } finally {
      await database.query('ROLLBACK');
      await database.end();
    }
    // Looked up after the one of the reader that is gone.
    expect((await controlPlane.call('GET', '/v1/networks')).status).to.equal(200);
    expect(await streamsOpen()).to.equal('0');
  });
});
