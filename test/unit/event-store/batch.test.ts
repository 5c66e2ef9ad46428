import { expect } from 'chai';
import { commandKey, type LogState, type PendingCommand, planBatch } from '#libs/event-store/batch.js';
import { ClaimTakenError, CommandIdReusedError, VersionConflictError } from '#libs/event-store/errors.js';
import type { CommandWrite } from '#libs/event-store/event-store.js';
import { GENESIS_HASH } from '#libs/event-store/hash-chain.js';
import { command } from '#test/support/commands.js';

const EMPTY: LogState = {
  headPosition: 0,
  headHash: GENESIS_HASH,
  headRecordedAt: '',
  now: '2026-01-31T10:20:30.120Z',
  streamVersions: new Map(),
  commands: new Map(),
  claims: new Map(),
};
const NAME = { scope: 'network-name', value: 'dev' };

function plan(writes: readonly CommandWrite[], state: Partial<LogState> = {}, uncertain = false) {
  const pending: PendingCommand[] = writes.map((write) => ({ write, uncertain }));
  return planBatch({ ...EMPTY, ...state }, pending);
}

describe('planning a batch', () => {
  it('numbers events without a gap over a refused command, and links their hashes', () => {
    const { events, commands, answers } = plan([
      command({ streamId: 'a' }),
      command({ streamId: 'a' }),
      command({ streamId: 'a', expectedVersion: 1 }),
    ]);
    expect(events.map((event) => [event.position, event.streamVersion])).to.deep.equal([
      [1, 1],
      [2, 2],
    ]);
    expect(events.map((event) => event.previousHash)).to.deep.equal([GENESIS_HASH, events[0]?.hash]);
    expect(commands).to.have.length(2);
    expect(answers[1]).to.be.instanceOf(VersionConflictError);
  });

  it('answers the second of two equal commands with the result of the first', () => {
    const write = command({ result: 'first' });
    const { events, answers } = plan([write, { ...write, result: 'second' }]);
    expect(events).to.have.length(1);
    expect(answers[1]).to.deep.equal({ kind: 'repeated', result: 'first' });
  });

  it('refuses a command id with another request', () => {
    const write = command();
    const { answers } = plan([write, { ...write, requestHash: 'another' }]);
    expect(answers[1]).to.be.instanceOf(CommandIdReusedError);
  });

  it('answers a command whose first attempt was committed unseen as that would have been', () => {
    const write = command();
    const known = { requestHash: 'request', result: { done: true }, position: 9, streamVersion: 4 };
    const commands = new Map([[commandKey(write.actor, write.commandId), known]]);
    const written = { kind: 'written', position: 9, streamVersion: 4, result: { done: true } };
    expect(plan([write], { commands }, true).answers).to.deep.equal([written]);
    expect(plan([write], { commands }).answers).to.deep.equal([{ kind: 'repeated', result: { done: true } }]);
  });

  it('gives a unique value to the first that claims it, and on once it is released', () => {
    const { answers, claimChanges } = plan([
      command({ streamId: 'a', claims: [NAME] }),
      command({ streamId: 'b', claims: [NAME] }),
      command({ streamId: 'b', releases: [NAME], events: [] }),
      command({ streamId: 'a', expectedVersion: 1, releases: [NAME] }),
      command({ streamId: 'c', claims: [NAME] }),
    ]);
    expect(answers[1]).to.be.instanceOf(ClaimTakenError);
    expect(claimChanges.map((change) => change.holder)).to.deep.equal(['a', null, 'c']);
  });

  it('never dates an event before the one ahead of it', () => {
    const { events } = plan([command()], { headRecordedAt: '2026-01-31T10:20:31.000Z' });
    expect(events[0]?.recordedAt).to.equal('2026-01-31T10:20:31.000Z');
    expect(plan([command()]).events[0]?.recordedAt).to.equal(EMPTY.now);
  });
});
