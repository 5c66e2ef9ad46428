import { expect } from 'chai';
import { StoreUnavailableError, WriteOutcomeUnknownError } from '#libs/event-store/errors.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { migrate } from '#migrations/index.js';
import { command } from '#test/support/commands.js';
import { CuttingProxy } from '#test/support/cutting-proxy.js';
import { freshDatabase, query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';

const WRITERS = 8;

describe('a store whose database crashes', function () {
  this.timeout(90_000);
  let server: TestPostgres;

  before(async () => {
    server = await startTestPostgres();
  });

  after(() => server.stop());

  it('writes every acknowledged command exactly once, and the others at most once', async () => {
    const databaseUrl = server.url('postgres');
    await migrate(databaseUrl);
    const store = createEventStore({ databaseUrl, pollIntervalMs: 50, onConnectionError: () => {} });
    const acknowledged = new Map<string, number>();
    const delivered: string[] = [];
    store.subscribe(
      0,
      async (events) => {
        delivered.push(...events.map((event) => event.commandId));
      },
      () => {},
    );
    let stop = false;
    const write = async (): Promise<void> => {
      while (!stop) {
        const next = command();
        const outcome = await store.execute(next);
        acknowledged.set(next.commandId, outcome.kind === 'written' ? outcome.position : -1);
      }
    };
    const writers = Array.from({ length: WRITERS }, write);
    for (let crash = 0; crash < 3; crash += 1) {
      const before = acknowledged.size;
      await waitFor('commands are acknowledged', () => acknowledged.size > before + 100, 30_000);
      await server.kill();
      await server.start();
    }
    const before = acknowledged.size;
    await waitFor('commands are acknowledged after the last crash', () => acknowledged.size > before + 100, 30_000);
    stop = true;
    await Promise.all(writers);

    const rows = await query(databaseUrl, 'SELECT command_id, position::int AS position FROM events ORDER BY position');
    const written = new Map(rows.map((row) => [String(row.command_id), Number(row.position)]));
    expect(written.size, 'commands written twice').to.equal(rows.length);
    for (const [commandId, position] of acknowledged) expect(written.get(commandId)).to.equal(position);
    expect(written.size).to.equal(acknowledged.size);
    await waitFor('everything is delivered', () => delivered.length >= rows.length);
    expect(delivered).to.deep.equal([...written.keys()]);
    expect(await verifyLog(databaseUrl)).to.have.property('kind', 'intact');
    await store.close();
  });
});

describe('a store that loses its connection', () => {
  let databaseUrl: string;
  let proxy: CuttingProxy;

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    proxy = await CuttingProxy.start(Number(new URL(databaseUrl).port));
  });

  afterEach(() => proxy.close());

  function open(giveUpAfterMs: number) {
    const url = new URL(databaseUrl);
    url.port = String(proxy.port);
    return createEventStore({ databaseUrl: url.href, giveUpAfterMs, onConnectionError: () => {} });
  }

  it('finds the command that was committed unseen, and answers it as written', async () => {
    const store = open(30_000);
    await store.execute(command({ streamId: 's' }));
    proxy.withholdAnswers();
    const unseen = store.execute(command({ streamId: 's', expectedVersion: 1, result: { first: true } }));
    await waitFor('the command is committed', async () => {
      const rows = await query(databaseUrl, 'SELECT 1 FROM events WHERE position = 2');
      return rows.length === 1;
    });
    proxy.cut();
    expect(await unseen).to.deep.equal({ kind: 'written', position: 2, streamVersion: 2, result: { first: true } });
    expect(await store.readAll(0, 10)).to.have.length(2);
    await store.close();
  });

  it('says that nothing was written when the database was away before the command was sent', async () => {
    const store = open(200);
    await proxy.close();
    const write = command({ streamId: 'away' });
    const outcome = await store.execute(write).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(StoreUnavailableError);
    await store.close();
    proxy = await CuttingProxy.start(Number(new URL(databaseUrl).port));
    expect(await query(databaseUrl, `SELECT 1 FROM events WHERE stream_id = 'away'`)).to.have.length(0);
  });

  it('keeps no command longer than its time while the database keeps others waiting, or a new connection', async () => {
    const giveUpAfterMs = 400;
    const store = open(giveUpAfterMs);
    await store.execute(command());
    proxy.withholdAnswers();
    const sent = store.execute(command()).catch((error: unknown) => error);
    await waitFor('the first is written', async () => {
      const rows = await query(databaseUrl, 'SELECT 1 FROM events');
      return rows.length === 2;
    });
    const begun = performance.now();
    const queued = await store.execute(command()).catch((error: unknown) => error);
    expect(queued).to.be.instanceOf(StoreUnavailableError);
    expect(performance.now() - begun).to.be.within(giveUpAfterMs - 10, 4 * giveUpAfterMs);
    expect(await sent).to.be.instanceOf(WriteOutcomeUnknownError);
    proxy.cut();
    await store.close();
  });

  it('says that the outcome is not known when the database stays away, and answers a repeat later', async () => {
    const store = open(200);
    const write = command({ streamId: 's' });
    await store.execute(command());
    proxy.withholdAnswers();
    const outcome = store.execute(write).catch((error: unknown) => error);
    await waitFor('the command is committed', async () => {
      const rows = await query(databaseUrl, `SELECT 1 FROM events WHERE stream_id = 's'`);
      return rows.length === 1;
    });
    await proxy.close();
    expect(await outcome).to.be.instanceOf(WriteOutcomeUnknownError);
    expect(await outcome)
      .to.have.property('remedy')
      .that.contains(write.commandId);
    await store.close();

    proxy = await CuttingProxy.start(Number(new URL(databaseUrl).port));
    const later = open(30_000);
    expect(await later.execute(write)).to.include({ kind: 'repeated' });
    await later.close();
  });
});
