import { expect } from 'chai';
import { ClaimTakenError, CommandIdReusedError, VersionConflictError } from '#libs/event-store/errors.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { command } from '#test/support/commands.js';
import { freshDatabase, query } from '#test/support/postgres.js';

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('appending commands', () => {
  let databaseUrl: string;
  let store: EventStore;

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    store = createEventStore({
      databaseUrl,
      onConnectionError: (error) => {
        throw error;
      },
    });
  });

  afterEach(() => store.close());

  it('writes the events of a command with consecutive versions and gives them back', async () => {
    const events = [1, 2, 3].map((n) => ({ type: 'Counted', schemaVersion: 1, data: { n }, metadata: { m: n } }));
    const write = command({ streamId: 'counter', events, causationId: 'cause' });
    expect(await store.execute(write)).to.deep.equal({
      kind: 'written',
      position: 3,
      streamVersion: 3,
      result: { done: true },
    });
    const stored = await store.readStream('counter');
    expect(stored.map((event) => event.streamVersion)).to.deep.equal([1, 2, 3]);
    expect(stored.map((event) => event.data)).to.deep.equal(events.map((event) => event.data));
    expect(stored[2]).to.deep.include({ metadata: { m: 3 }, actor: 'tester', causationId: 'cause', position: 3 });
    expect(stored[0]?.recordedAt).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await store.readStream('counter', 2)).to.deep.equal(stored.slice(2));
    expect(await store.readAll(1, 10)).to.deep.equal(stored.slice(1));
  });

  it('answers a repeat with the first result and writes nothing', async () => {
    const write = command();
    await store.execute(write);
    expect(await store.execute({ ...write, result: { done: 'again' } })).to.deep.equal({
      kind: 'repeated',
      result: { done: true },
    });
    expect(await store.readAll(0, 10)).to.have.length(1);
    expect(await store.findCommand('tester', write.commandId)).to.deep.equal({
      requestHash: 'request',
      result: { done: true },
    });
    expect(await store.findCommand('other', write.commandId)).to.equal(null);
  });

  for (const [name, events] of [
    ['with events', command().events],
    ['without events', []],
  ] as const) {
    it(`answers a repeat ${name} among new commands of one batch`, async () => {
      const repeated = command({ events });
      await store.execute(repeated);
      const outcomes = await Promise.all([command(), repeated, command()].map((write) => store.execute(write)));
      expect(outcomes.map((outcome) => outcome.kind)).to.deep.equal(['written', 'repeated', 'written']);
      expect(await store.readAll(0, 10)).to.have.length(events.length + 2);
    });
  }

  it('refuses a command id that was used for another request', async () => {
    const write = command();
    await store.execute(write);
    const error = await rejection(store.execute({ ...write, requestHash: 'another' }));
    expect(error).to.be.instanceOf(CommandIdReusedError).and.include({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('keeps the row of a command without events', async () => {
    const write = command({ events: [], result: { changed: false } });
    expect(await store.execute(write)).to.include({ kind: 'written', position: 0, streamVersion: 0 });
    expect(await store.execute(write)).to.deep.equal({ kind: 'repeated', result: { changed: false } });
    expect(await store.readAll(0, 10)).to.deep.equal([]);
  });

  it('refuses a command without events whose decision is out of date', async () => {
    await store.execute(command({ streamId: 's' }));
    const error = await rejection(store.execute(command({ streamId: 's', events: [] })));
    expect(error).to.be.instanceOf(VersionConflictError);
  });

  it('fails the command in conflict alone, in the middle of a batch', async () => {
    await store.execute(command({ streamId: 'moved-on' }));
    const writes = Array.from({ length: 20 }, (_, index) =>
      index % 5 === 2 ? command({ streamId: 'moved-on' }) : command(),
    );
    const results = await Promise.allSettled(writes.map((write) => store.execute(write)));
    expect(results.filter((result) => result.status === 'rejected')).to.have.length(4);
    for (const [index, result] of results.entries()) {
      if (index % 5 !== 2) expect(result.status).to.equal('fulfilled');
      else expect(result).to.have.property('reason').that.is.instanceOf(VersionConflictError);
    }
    expect(await store.readAll(0, 100)).to.have.length(17);
    const [row] = await query(databaseUrl, 'SELECT count(*)::int AS count FROM commands');
    expect(row).to.deep.equal({ count: 17 });
  });

  it('fails the command that the database refuses alone, in the middle of a batch', async () => {
    const writes = Array.from({ length: 9 }, (_, index) => (index === 4 ? command({ actor: 'nul \0' }) : command()));
    const results = await Promise.allSettled(writes.map((write) => store.execute(write)));
    expect(results.map((result) => result.status === 'rejected')).to.deep.equal(writes.map((_, index) => index === 4));
    expect(await store.readAll(0, 100)).to.have.length(8);
  });

  it('keeps text of every kind as it was, or refuses it', async () => {
    const data = { text: 'tab\t line\r\n quote " backslash \\ \\N \\. é 𝄞 \u0000 \ud800', '\t': [null, -0.5, 1e21] };
    const actor = 'tab\t \\N é 𝄞';
    await store.execute(command({ streamId: '\\.', actor, events: [{ type: 'Wrote', schemaVersion: 1, data }] }));
    const [stored] = await store.readAll(0, 1);
    expect(stored).to.deep.include({ streamId: '\\.', actor, data });
    expect(await store.readStream('\\.')).to.deep.equal([stored]);
    expect(await rejection(store.execute(command({ actor: 'half \ud800' })))).to.include({ code: 'INVALID_INPUT' });
    expect(await verifyLog(databaseUrl)).to.have.property('kind', 'intact');
  });

  it('lets one stream hold a unique value, until it releases it', async () => {
    const claim = { scope: 'network-name', value: 'dev' };
    const [first, second] = await Promise.allSettled([
      store.execute(command({ streamId: 'network-1', claims: [claim] })),
      store.execute(command({ streamId: 'network-2', claims: [claim] })),
    ]);
    expect(first.status).to.equal('fulfilled');
    expect(second).to.have.property('reason').that.is.instanceOf(ClaimTakenError);
    expect(await store.findClaim(claim)).to.equal('network-1');
    await store.execute(command({ streamId: 'network-1', expectedVersion: 1, releases: [claim] }));
    expect(await store.findClaim(claim)).to.equal(null);
    await store.execute(command({ streamId: 'network-2', claims: [claim] }));
    expect(await store.findClaim(claim)).to.equal('network-2');
  });
});
