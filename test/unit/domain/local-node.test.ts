import { expect } from 'chai';
import { parseLocalNodeId, parseNetworkId, parseUserName } from '#libs/contracts/ids.js';
import { eventOf } from '#libs/domain/aggregate.js';
import { storedEvent } from '#libs/domain/aggregates.js';
import { DomainError } from '#libs/domain/decision.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { decideLocalNode, type LocalNodeCommand } from '#libs/domain/local-node/decide.js';
import type { LocalNodeEvent } from '#libs/domain/local-node/events.js';
import { evolveLocalNode, type LocalNodeState, LocalNodeStreamError } from '#libs/domain/local-node/state.js';

const nodeId = parseLocalNodeId('laptop-0a1b2c3d', 'node');
const NOON = '2026-01-01T12:00:00.000Z';
const LATER = '2026-01-01T12:15:00.000Z';

const facts = (tokenId: string, expiresAt: string) => ({
  nodeId,
  user: parseUserName('ada', 'user'),
  networkId: parseNetworkId('0a1b', 'network'),
  machine: 'laptop',
  nkey: 'UA',
  meshKeyThumbprint: 'm1',
  tokenId,
  expiresAt,
});
const joined = (expiresAt = NOON): LocalNodeEvent => ({ type: 'LocalNodeJoined', data: facts('t1', expiresAt) });
const renewed = (tokenId = 't1', expiresAt = LATER): LocalNodeEvent => ({
  type: 'LocalNodeRenewed',
  data: { meshKeyThumbprint: 'm1', tokenId, expiresAt },
});
const expired = (reason: string): LocalNodeEvent => ({ type: 'LocalNodeExpired', data: { reason } });
const revoked: LocalNodeEvent = { type: 'LocalNodeRevoked', data: { reason: 'lost laptop' } };
const left: LocalNodeEvent = { type: 'LocalNodeLeft', data: {} };
const NOT_RENEWED = 'its credentials were not renewed';
const TOKEN_DELETED = 'the token of its user was deleted';

const join = (tokenId = 't1', expiresAt = NOON): LocalNodeCommand => ({
  kind: 'JoinNetwork',
  ...facts(tokenId, expiresAt),
});
const endOfCredentials = (now: string): LocalNodeCommand => ({ kind: 'EndOfCredentials', nodeId, now: new Date(now) });
const endOfToken = (tokenId: string): LocalNodeCommand => ({ kind: 'EndOfToken', nodeId, tokenId });
const revoke: LocalNodeCommand = { kind: 'RevokeLocalNode', nodeId, reason: 'lost laptop' };
const leave: LocalNodeCommand = { kind: 'LeaveNetwork', nodeId };

const fold = (events: readonly LocalNodeEvent[]) => events.reduce<LocalNodeState | null>(evolveLocalNode, null);

describe('a local node', () => {
  const rows: readonly (readonly [
    what: string,
    given: readonly LocalNodeEvent[],
    when: LocalNodeCommand,
    then: readonly LocalNodeEvent[] | readonly [category: string, code: string],
  ])[] = [
    ['joins', [], join(), [joined()]],
    ['renews when it joins again', [joined()], join('t2', LATER), [renewed('t2')]],
    ['renews every time', [joined(), renewed()], join('t1', LATER), [renewed()]],
    ['joins again after it left', [joined(), left], join(), [joined()]],
    ['joins again after it expired, as after a suspend', [joined(), expired(NOT_RENEWED)], join(), [joined()]],
    ['stays out once revoked', [joined(), revoked], join(), ['forbidden', 'LOCAL_NODE_REVOKED']],
    ['expires when its credentials end', [joined()], endOfCredentials(NOON), [expired(NOT_RENEWED)]],
    ['does not expire before', [joined(LATER)], endOfCredentials(NOON), []],
    ['does not expire when it was renewed meanwhile', [joined(), renewed()], endOfCredentials(NOON), []],
    ['expires once', [joined(), expired(NOT_RENEWED)], endOfCredentials(LATER), []],
    ['ends with the token it rests on', [joined()], endOfToken('t1'), [expired(TOKEN_DELETED)]],
    ['outlives a token that it rests on no more', [joined(), renewed('t2')], endOfToken('t1'), []],
    ['leaves', [joined()], leave, [left]],
    ['leaves once', [joined(), left], leave, []],
    ['does not leave what it was put out of', [joined(), revoked], leave, []],
    ['is revoked', [joined()], revoke, [revoked]],
    ['is revoked once', [joined(), revoked], revoke, []],
    ['is revoked after it left, so that its key stays out', [joined(), left], revoke, [revoked]],
    ['is not revoked when there is none', [], revoke, ['not-found', 'LOCAL_NODE_NOT_FOUND']],
    ['does not leave when there is none', [], leave, ['not-found', 'LOCAL_NODE_NOT_FOUND']],
  ];
  for (const [what, given, when, then] of rows) {
    it(what, () => {
      const decision = decideLocalNode(when, fold(given));
      if (decision instanceof DomainError) {
        expect([decision.category, decision.code]).to.deep.equal(then);
        return;
      }
      expect(decision.events).to.deep.equal(then);
      expect(decision.result).to.deep.equal(fold([...given, ...decision.events]));
      expect(decision.warnings).to.deep.equal([]);
    });
  }

  it('has what its last join and renewal say', () => {
    expect(fold([joined(), renewed('t2')])).to.deep.equal({
      ...facts('t2', LATER),
      version: 2,
      status: 'joined',
      reason: null,
    });
  });

  it('keeps what it was, and says why it is not joined any more', () => {
    const was = { ...facts('t1', NOON), version: 2 };
    expect([expired(NOT_RENEWED), revoked, left].map((end) => fold([joined(), end]))).to.deep.equal([
      { ...was, status: 'expired', reason: NOT_RENEWED },
      { ...was, status: 'revoked', reason: 'lost laptop' },
      { ...was, status: 'left', reason: null },
    ]);
  });

  it('has a stream that begins with its join', () => {
    expect(() => evolveLocalNode(null, left)).to.throw(LocalNodeStreamError, 'LocalNodeLeft');
  });

  it('reads back every event that it writes', () => {
    for (const event of [joined(), renewed(), expired(NOT_RENEWED), revoked, left]) {
      expect(eventOf(LOCAL_NODE, storedEvent(event))).to.deep.equal(event);
    }
  });
});
