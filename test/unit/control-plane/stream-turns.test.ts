import { expect } from 'chai';
import { StreamTurns } from '#apps/control-plane/record/stream-turns.js';
import { StoreUnavailableError, VersionConflictError, WriteOutcomeUnknownError } from '#libs/event-store/errors.js';

const away = new Error('connect ECONNREFUSED');

describe('commands of one stream that wait for one another', () => {
  const ends: readonly (readonly [string, unknown, 'refused' | 'carried out'])[] = [
    ['the store was away', new StoreUnavailableError(away), 'refused'],
    ['the outcome is not known', new WriteOutcomeUnknownError('k', away), 'refused'],
    ['the connection was lost', new Error('Connection terminated unexpectedly'), 'refused'],
    ['it was refused itself', new VersionConflictError('s', 1, 2), 'carried out'],
    ['it failed at a mistake of ours', new TypeError('x'), 'carried out'],
  ];

  for (const [how, failure, follows] of ends) {
    it(`are ${follows} when ${how}`, async () => {
      const turns = new StreamTurns();
      const first = Promise.withResolvers<string>();
      const begun: string[] = [];
      const next = (name: string) => async () => {
        begun.push(name);
        return name;
      };
      const outcomes = Promise.allSettled([
        turns.take('s', () => first.promise),
        turns.take('s', next('second')),
        turns.take('s', next('third')),
        turns.take('other', next('other')),
      ]);
      first.reject(failure);
      const [, second, third, other] = await outcomes;
      const expected = follows === 'refused' ? 'rejected' : 'fulfilled';
      expect([second.status, third.status, other.status]).to.deep.equal([expected, expected, 'fulfilled']);
      if (second.status === 'rejected') expect(second.reason).to.be.instanceOf(StoreUnavailableError);
      expect(await turns.take('s', next('later'))).to.equal('later');
      expect(begun).to.have.members(follows === 'refused' ? ['other', 'later'] : ['second', 'third', 'other', 'later']);
    });
  }
});
