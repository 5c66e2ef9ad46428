import { expect } from 'chai';
import { DomainError } from '#libs/domain/decision.js';
import { decideStoreKey, type StoreKeyCommand } from '#libs/domain/store-key/decide.js';
import type { StoreKeyEvent } from '#libs/domain/store-key/events.js';
import { evolveStoreKey, StoreKeyStreamError } from '#libs/domain/store-key/state.js';

const offer = (from: string, to: string) => ({ key: 'mesh', from, to, signature: `${from} names ${to}` }) as const;
const began: StoreKeyEvent = { type: 'KeyRotationBegan', data: offer('one', 'two') };
const used: StoreKeyEvent = { type: 'KeyPutToUse', data: { key: 'mesh', to: 'two', without: [] } };
const retired: StoreKeyEvent = { type: 'KeyRetired', data: { key: 'mesh', from: 'one', without: [] } };
const step = (kind: 'UseKey' | 'RetireKey', waiting: readonly string[] = [], without: readonly string[] = []) =>
  ({ kind, key: 'mesh', waiting, without }) as const;
const offered = (from: string, to: string) => ({ kind: 'OfferKey', succession: offer(from, to) }) as const;

describe('the rotation of a key of the store', () => {
  const rows: readonly (readonly [
    string,
    readonly StoreKeyEvent[],
    StoreKeyCommand,
    readonly StoreKeyEvent[] | string,
  ])[] = [
    ['a first offer', [], offered('one', 'two'), [began]],
    ['the same offer again', [began], offered('one', 'two'), []],
    [
      'another offer, since the file of the first was lost',
      [began],
      offered('one', 'three'),
      [{ type: 'KeyRotationBegan', data: offer('one', 'three') }],
    ],
    ['an offer while the new key is in use', [began, used], offered('two', 'three'), []],
    [
      'the next offer',
      [began, used, retired],
      offered('two', 'three'),
      [{ type: 'KeyRotationBegan', data: offer('two', 'three') }],
    ],
    ['a use that nothing was offered for', [], step('UseKey'), 'KEY_ROTATION_STAGE'],
    ['a use after the end', [began, used, retired], step('UseKey'), 'KEY_ROTATION_STAGE'],
    ['a use that all have confirmed', [began], step('UseKey'), [used]],
    ['a use that one has not confirmed', [began], step('UseKey', ['host-c']), 'KEY_NOT_TAKEN'],
    ['a use without another one', [began], step('UseKey', ['host-c'], ['host-b']), 'KEY_NOT_TAKEN'],
    [
      'a use without the one who has not confirmed',
      [began],
      step('UseKey', ['host-c'], ['host-b', 'host-c']),
      [{ type: 'KeyPutToUse', data: { key: 'mesh', to: 'two', without: ['host-c'] } }],
    ],
    ['the same use again', [began, used], step('UseKey', ['host-c']), []],
    ['a retirement before the use', [began], step('RetireKey'), 'KEY_ROTATION_STAGE'],
    ['a retirement that all have confirmed', [began, used], step('RetireKey'), [retired]],
    ['a retirement that one has not confirmed', [began, used], step('RetireKey', ['host-c']), 'KEY_NOT_TAKEN'],
    ['the same retirement again', [began, used, retired], step('RetireKey', ['host-c']), []],
  ];
  for (const [what, given, when, then] of rows) {
    it(`decides ${what}`, () => {
      const decision = decideStoreKey(when, given.reduce(evolveStoreKey, null));
      expect(decision instanceof DomainError ? decision.code : decision.events).to.deep.equal(then);
    });
  }

  it('names the agents that are waited for, and how to go on without them', () => {
    const refusal = decideStoreKey(step('UseKey', ['host-b', 'host-c']), evolveStoreKey(null, began));
    expect(refusal).to.have.property('message').that.contains('host-b, host-c have not confirmed');
    expect(refusal).to.have.property('remedy').that.contains('--without host-b --without host-c');
  });

  it('begins with an offer', () => {
    expect(() => evolveStoreKey(null, used)).to.throw(StoreKeyStreamError, 'KeyPutToUse');
  });
});
