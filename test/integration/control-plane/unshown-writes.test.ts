import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { pino } from 'pino';
import { Metrics } from '#apps/control-plane/foundation/metrics.js';
import { CommandExecutor } from '#apps/control-plane/record/command-executor.js';
import { Directory } from '#apps/control-plane/record/directory.js';
import { DirectoryFeed } from '#apps/control-plane/record/directory-feed.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import type { DomainEvent } from '#libs/domain/aggregates.js';
import { WriteOutcomeUnknownError } from '#libs/event-store/errors.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { freshDatabase, query } from '#test/support/postgres.js';

describe('a command that is written, and that queries do not show in time', () => {
  it('has an unknown outcome for its author, with the key by which a repeat finds out', async () => {
    const databaseUrl = await freshDatabase();
    const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
    // It never reads the log, as when the database fails right after the commit.
    const directory = new Directory();
    const feed = new DirectoryFeed(directory, store, pino({ level: 'silent' }), new Metrics());
    const executor = new CommandExecutor(store, feed, directory);
    const commandId = randomUUID();
    const sandboxId = parseSandboxId('sbx-api', 'sandbox');
    const event: DomainEvent = { type: 'SandboxRegistered', data: { sandboxId } };
    const outcome: unknown = await executor
      .execute({
        context: { commandId, actor: 'tester', correlationId: commandId, expectedVersion: null },
        request: {},
        streamId: `sandbox-${sandboxId}`,
        load: async () => ({ state: null, version: 0 }),
        decide: () => ({ events: [event], result: null, warnings: [] }),
        answer: () => ({ done: true }),
      })
      .catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(WriteOutcomeUnknownError);
    expect(outcome).to.have.property('remedy').that.contains(commandId);
    expect(await query(databaseUrl, 'SELECT command_id FROM events')).to.deep.equal([{ command_id: commandId }]);
    await store.close();
  });
});
