import { expect } from 'chai';
import { parseAgentId } from '#libs/contracts/ids.js';
import { type AgentCommand, decideAgent, unusableAgent } from '#libs/domain/agent/decide.js';
import type { AgentEvent } from '#libs/domain/agent/events.js';
import { type AgentState, AgentStreamError, evolveAgent } from '#libs/domain/agent/state.js';
import { DomainError } from '#libs/domain/decision.js';

const agentId = parseAgentId('host-a', 'agent');

const enrolled = (nkey = 'UA', meshKeyThumbprint = 'm1'): AgentEvent => ({
  type: 'AgentEnrolled',
  data: { agentId, nkey, meshKeyThumbprint },
});
const renewed = (meshKeyThumbprint: string): AgentEvent => ({
  type: 'AgentRenewed',
  data: { nkey: 'UA', meshKeyThumbprint },
});
const revoked: AgentEvent = { type: 'AgentRevoked', data: { reason: 'revoked by ada' } };

const enroll = (nkey = 'UA', meshKeyThumbprint = 'm1'): AgentCommand => ({
  kind: 'EnrollAgent',
  agentId,
  nkey,
  meshKeyThumbprint,
});
const renew = (nkey = 'UA', meshKeyThumbprint = 'm2'): AgentCommand => ({
  kind: 'RenewAgent',
  agentId,
  nkey,
  meshKeyThumbprint,
});
const revoke: AgentCommand = { kind: 'RevokeAgent', agentId, reason: 'revoked by ada' };

const fold = (events: readonly AgentEvent[]) => events.reduce<AgentState | null>(evolveAgent, null);

describe('an agent', () => {
  const rows: readonly (readonly [
    what: string,
    given: readonly AgentEvent[],
    when: AgentCommand,
    then: readonly AgentEvent[] | readonly [category: string, code: string],
  ])[] = [
    ['is enrolled', [], enroll(), [enrolled()]],
    ['is enrolled once with the same keys', [enrolled()], enroll(), []],
    ['is not enrolled beside itself with another key', [enrolled()], enroll('UB'), ['conflict', 'AGENT_ENROLLED']],
    ['is not enrolled with another mesh key', [enrolled()], enroll('UA', 'm9'), ['conflict', 'AGENT_ENROLLED']],
    ['is enrolled again after it was revoked', [enrolled(), revoked], enroll('UB', 'm9'), [enrolled('UB', 'm9')]],
    [
      'is not enrolled with the bus key that it was revoked with',
      [enrolled(), revoked],
      enroll('UA', 'm9'),
      ['forbidden', 'AGENT_KEY_REVOKED'],
    ],
    [
      'is not enrolled with the mesh key that it was revoked with',
      [enrolled(), renewed('m2'), revoked],
      enroll('UB', 'm2'),
      ['forbidden', 'AGENT_KEY_REVOKED'],
    ],
    [
      'is not enrolled with a key of a life before the last',
      [enrolled(), revoked, enrolled('UB', 'm3'), revoked],
      enroll('UA', 'm9'),
      ['forbidden', 'AGENT_KEY_REVOKED'],
    ],
    [
      'renews with a revoked key that an earlier release enrolled again',
      [enrolled(), revoked, enrolled()],
      renew(),
      [renewed('m2')],
    ],
    ['renews, every time', [enrolled(), renewed('m2')], renew(), [renewed('m2')]],
    ['renews with no key but its own', [enrolled()], renew('UB'), ['forbidden', 'AGENT_KEY_MISMATCH']],
    ['does not renew before it is enrolled', [], renew(), ['not-found', 'AGENT_NOT_FOUND']],
    ['does not renew once revoked', [enrolled(), revoked], renew(), ['forbidden', 'AGENT_REVOKED']],
    [
      'does not renew by the key of an earlier life',
      [enrolled(), revoked, enrolled('UB')],
      renew(),
      ['forbidden', 'AGENT_KEY_MISMATCH'],
    ],
    ['is revoked', [enrolled()], revoke, [revoked]],
    ['is revoked once', [enrolled(), revoked], revoke, []],
    ['is revoked again in its second life', [enrolled(), revoked, enrolled()], revoke, [revoked]],
    ['is not revoked when there is none', [], revoke, ['not-found', 'AGENT_NOT_FOUND']],
  ];
  for (const [what, given, when, then] of rows) {
    it(what, () => {
      const decision = decideAgent(when, fold(given));
      if (decision instanceof DomainError) {
        expect([decision.category, decision.code]).to.deep.equal(then);
        return;
      }
      expect(decision.events).to.deep.equal(then);
      expect(decision.result).to.deep.equal(fold([...given, ...decision.events]));
      expect(decision.warnings).to.deep.equal([]);
    });
  }

  it('has the keys of its last enrolment or renewal', () => {
    expect(fold([enrolled(), renewed('m2')])).to.deep.equal({
      agentId,
      version: 2,
      status: 'enrolled',
      revocation: null,
      nkey: 'UA',
      meshKeyThumbprint: 'm2',
      revokedKeys: [],
    });
    expect(fold([enrolled(), revoked])).to.include({ status: 'revoked', version: 2, revocation: 'revoked by ada' });
    expect(fold([enrolled(), revoked, enrolled('UB')])).to.include({ status: 'enrolled', revocation: null });
  });

  it('is told who revoked it', () => {
    const refusal = decideAgent(renew(), fold([enrolled(), revoked]));
    expect(refusal).to.include({ code: 'AGENT_REVOKED', message: 'agent host-a was revoked by ada' });
  });

  it('has a stream that begins with its enrolment', () => {
    expect(() => evolveAgent(null, revoked)).to.throw(AgentStreamError, 'AgentRevoked');
  });

  it('can be named by a command while it is enrolled, in whatever field', () => {
    expect(unusableAgent(agentId, fold([enrolled()]), 'via')).to.equal(null);
    expect(unusableAgent(agentId, null, 'via')).to.include({ code: 'AGENT_NOT_FOUND', field: 'via' });
    expect(unusableAgent(agentId, null, 'agentId')).to.include({ code: 'AGENT_NOT_FOUND', field: 'agentId' });
    expect(unusableAgent(agentId, fold([enrolled(), revoked]), 'via')).to.include({ code: 'AGENT_REVOKED' });
    expect(unusableAgent(agentId, fold([enrolled(), revoked, enrolled('UB', 'm2')]), 'via')).to.equal(null);
  });
});
