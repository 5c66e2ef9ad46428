import { expect } from 'chai';
import { problemOf } from '#apps/control-plane/api/problem.js';
import {
  type AgentId,
  type AliasName,
  type LocalNodeId,
  type NetworkName,
  parsePolicyTestId,
  type RuleId,
  type SandboxId,
} from '#libs/contracts/ids.js';
import { ModeUnavailableError } from '#libs/contracts/network-settings.js';
import * as agents from '#libs/domain/agent/decide.js';
import { DomainError } from '#libs/domain/decision.js';
import * as localNodes from '#libs/domain/local-node/decide.js';
import * as networks from '#libs/domain/network/refusals.js';
import * as sandboxes from '#libs/domain/sandbox/refusals.js';
import * as storeKeys from '#libs/domain/store-key/decide.js';
import type { PolicyTest } from '#libs/policy/model.js';
import { withApi } from '#test/unit/domain/network-fixtures.js';
import { topologyOf } from '#test/unit/policy/network-events.js';

const dev = topologyOf(...withApi);
const [name, alias, rule] = ['dev' as NetworkName, 'api' as AliasName, 'rule-1' as RuleId];
const [sandbox, agent, other] = ['sbx-api' as SandboxId, 'host-a' as AgentId, 'host-b' as AgentId];
const node = 'node-1' as LocalNodeId;
const kept: PolicyTest = {
  ...{ id: parsePolicyTestId('test-0001', 'test'), from: { kind: 'any' }, to: alias, port: 8080 },
  effect: 'allow',
};
const record = { alias, sandboxId: sandbox, ports: [] };

/** The field of a request that each refusal is about; null: none, or several. */
const rows: readonly (readonly [DomainError | ModeUnavailableError, string | null])[] = [
  [new networks.NetworkNotFoundError(name), null],
  [new networks.NetworkExistsError(name), 'name'],
  [new networks.NetworkNotEmptyError(name, [sandbox]), null],
  [new networks.SandboxNotAttachedError(dev, sandbox), 'sandboxId'],
  [new networks.AliasTakenError(dev, record), 'alias'],
  [new networks.AliasHasRulesError(dev, alias, sandbox, [rule]), 'alias'],
  [new networks.AliasPortDiffersError(dev, record, record.ports, record.ports), 'ports'],
  [new networks.TooManyPortsError(dev, alias), 'ports'],
  [new networks.AliasNotFoundError(dev, alias), 'alias'],
  [new networks.AliasNotFoundError(dev, alias, 'to'), 'to'],
  [new networks.RuleNotFoundError(dev, rule), 'ruleId'],
  [new networks.AmbiguousRuleError(rule, [rule, rule]), 'ruleId'],
  // The control plane generates it, not the caller.
  [new networks.RuleIdTakenError(rule), null],
  [new networks.EgressSourceError('local'), 'from'],
  [new networks.ExitOfDenyError(), 'via'],
  [new networks.RuleEndError('2026-01-31T10:00:00.000Z', new Date()), 'until'],
  [new networks.SourceIsSandboxError(dev, sandbox), 'from'],
  [new networks.EgressRuleNotFoundError(dev, rule), 'ruleId'],
  [new networks.PolicyTestNotFoundError(dev, kept.id), 'testId'],
  [new networks.PolicyTestFailsError(dev, kept, 'deny'), 'effect'],
  [new networks.PolicyTestBrokenError(dev, [kept]), null],
  [new networks.NetworkLimitError(dev, 'aliases', 1), null],
  [new networks.DeclaredItemError('rules[3]', new networks.AliasNotFoundError(dev, alias, 'to')), 'rules[3].to'],
  [new networks.DeclaredItemError('rules[3]', new networks.RuleIdTakenError(rule)), 'rules[3]'],
  [new sandboxes.SandboxNotFoundError(sandbox), 'sandboxId'],
  [new sandboxes.ClaimRefusedError('SANDBOX_PINNED', agent, 'no', 'wait'), null],
  [new sandboxes.PlacementConflictError(sandbox, agent, other), null],
  [new sandboxes.SandboxPinnedError(sandbox, agent, other), null],
  // Its remedy is to end the sandbox at its agent: changing a field of the request does not help.
  [new sandboxes.SandboxHeldError(sandbox, agent), null],
  [new sandboxes.SandboxNotPlacedError(sandbox), 'agentId'],
  [new sandboxes.TooManyLabelsError(sandbox, 1), 'set'],
  [new sandboxes.LabelContradictionError('tier'), 'remove'],
  [new agents.AgentNotFoundError(agent), 'agentId'],
  [new agents.AgentNotFoundError(agent, 'via'), 'via'],
  [new agents.AgentRevokedError({ agentId: agent, revocation: 'revoked by admin' }), null],
  // It may refer to two keys.
  [new agents.AgentKeyRevokedError(agent), null],
  [new agents.AgentEnrolledError(agent), null],
  [new agents.AgentKeyMismatchError(agent), null],
  [new localNodes.LocalNodeNotFoundError(node), 'nodeId'],
  [new localNodes.LocalNodeRevokedError(node), null],
  [new storeKeys.RotationStageError('mesh', 'settled'), null],
  [new storeKeys.KeyFileLostError('mesh'), null],
  [new storeKeys.KeyNotTakenError('mesh', [agent]), 'without'],
  [new ModeUnavailableError('mode'), 'mode'],
];

describe('the field of a problem', () => {
  for (const [error, field] of rows) {
    it(`is ${field} for ${error.name} (${error.code}${field === 'to' || field === 'via' ? ', a rule' : ''})`, () => {
      expect(problemOf(error, 'request-1')).to.include({ code: error.code, field });
    });
  }

  it('is known of every refusal of the domain', () => {
    const refusals = [networks, sandboxes, agents, localNodes, storeKeys]
      .flatMap((module): readonly unknown[] => Object.values(module))
      .filter((one): one is typeof DomainError => typeof one === 'function' && one.prototype instanceof DomainError);
    const inTable = new Set<unknown>(rows.map(([error]) => error.constructor));
    expect(refusals.filter((refusal) => !inTable.has(refusal)).map((refusal) => refusal.name)).to.deep.equal([]);
    expect(refusals.length).to.be.greaterThan(20);
  });
});
