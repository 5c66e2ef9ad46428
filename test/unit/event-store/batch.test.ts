import { expect } from 'chai';
import { GENESIS_HASH } from '#libs/audit/hash-chain.js';
import { claimKey, commandKey, type LogState, type PendingCommand, planBatch } from '#libs/event-store/batch.js';
import { ClaimTakenError, CommandIdReusedError, VersionConflictError } from '#libs/event-store/errors.js';
import type { CommandWrite } from '#libs/event-store/event-store.js';
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

  it('lets a stream claim again what it holds, which changes nothing, and keep what another one releases', () => {
    const { answers, claimChanges } = plan(
      [
        command({ streamId: 'a', claims: [NAME] }),
        command({ streamId: 'b', releases: [NAME] }),
        command({ streamId: 'a', expectedVersion: 1, claims: [NAME] }),
      ],
      { claims: new Map([[claimKey(NAME), 'a']]) },
    );
    expect(answers.filter((answer) => answer instanceof Error)).to.deep.equal([]);
    expect(claimChanges).to.deep.equal([]);
  });

  it('refuses a command of two claims whole when one is taken', () => {
    const other = { scope: 'network-name', value: 'other' };
    const { answers, claimChanges, events, commands } = plan(
      [command({ streamId: 'b', claims: [other, NAME], releases: [other] })],
      { claims: new Map([[claimKey(NAME), 'a']]) },
    );
    expect(answers[0]).to.be.instanceOf(ClaimTakenError);
    expect([claimChanges, events, commands]).to.deep.equal([[], [], []]);
  });

  it('never dates an event before the one ahead of it', () => {
    const { events } = plan([command()], { headRecordedAt: '2026-01-31T10:20:31.000Z' });
    expect(events[0]?.recordedAt).to.equal('2026-01-31T10:20:31.000Z');
    expect(plan([command()]).events[0]?.recordedAt).to.equal(EMPTY.now);
  });

  it('keeps commands of two people with one id apart, and claims of two scopes with one value', () => {
    const { answers } = plan([
      command({ streamId: 'a', actor: 'ada', commandId: 'c', claims: [NAME] }),
      command({ streamId: 'b', actor: 'bob', commandId: 'c', claims: [{ ...NAME, scope: 'other' }] }),
    ]);
    expect(answers.map((answer) => (answer instanceof Error ? answer.message : answer.kind))).to.deep.equal([
      'written',
      'written',
    ]);
  });

  it('writes what an event is about and what stands beside it', () => {
    const { events } = plan([
      command({ events: [{ type: 'Happened', schemaVersion: 2, data: { what: 1 }, metadata: { by: 'hand' } }] }),
    ]);
    expect(events[0]).to.include({ schemaVersion: 2, dataText: '{"what":1}', metadataText: '{"by":"hand"}' });
  });

  it('plans on what the log holds: its end, its streams and its claims', () => {
    const state = {
      headPosition: 8,
      headHash: 'theirs',
      streamVersions: new Map([['a', 3]]),
      claims: new Map([[claimKey(NAME), 'a']]),
    };
    const { events, answers, headPosition, commands } = plan(
      [
        command({ streamId: 'a', expectedVersion: 3, causationId: 'why', result: 1 }),
        command({ streamId: 'b', claims: [NAME] }),
      ],
      state,
    );
    expect(
      events.map(({ position, streamVersion, previousHash }) => [position, streamVersion, previousHash]),
    ).to.deep.equal([[9, 4, 'theirs']]);
    expect(events[0]).to.include({ causationId: 'why', metadataText: '{}' });
    expect(answers[0]).to.deep.equal({ kind: 'written', position: 9, streamVersion: 4, result: 1 });
    expect(commands[0]).to.include({ position: 9, streamVersion: 4, resultText: '1' });
    expect(answers[1]).to.include({ code: 'CLAIM_TAKEN', holder: 'a' });
    expect(headPosition).to.equal(9);
  });
});
