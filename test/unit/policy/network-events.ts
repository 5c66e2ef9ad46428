import {
  parseAgentId,
  parseAliasName,
  parseNetworkId,
  parseNetworkName,
  parsePolicyTestId,
  parseRuleId,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseAliasPorts } from '#libs/contracts/ports.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { Topology } from '#libs/policy/model.js';

/** Events in the short form of tests: plain text in, branded values out. */
export const created = (name = 'dev'): NetworkEvent => ({
  type: 'NetworkCreated',
  data: {
    networkId: parseNetworkId('0a1b', 'networkId'),
    name: parseNetworkName(name, 'name'),
    mode: 'agent_proxy',
    maxStalenessSeconds: 86_400,
  },
});

export const attached = (
  sandbox: string,
  agent: string | null = null,
  labels: { readonly [key: string]: string } = {},
): NetworkEvent => ({
  type: 'SandboxAttached',
  data: { sandboxId: parseSandboxId(sandbox, 'sandbox'), agentId: agentOrNull(agent), labels },
});

export const detached = (sandbox: string): NetworkEvent => ({
  type: 'SandboxDetached',
  data: { sandboxId: parseSandboxId(sandbox, 'sandbox') },
});

export const published = (alias: string, sandbox: string, ...ports: readonly (string | number)[]): NetworkEvent => ({
  type: 'AliasPublished',
  data: {
    alias: parseAliasName(alias, 'alias'),
    sandboxId: parseSandboxId(sandbox, 'sandbox'),
    ports: parseAliasPorts(ports, 'ports'),
  },
});

export const portsChanged = (alias: string, ...ports: readonly (string | number)[]): NetworkEvent => ({
  type: 'AliasPortsChanged',
  data: { alias: parseAliasName(alias, 'alias'), ports: parseAliasPorts(ports, 'ports') },
});

export const aliasRemoved = (alias: string): NetworkEvent => ({
  type: 'AliasRemoved',
  data: { alias: parseAliasName(alias, 'alias') },
});

/** `rule('0001', 'allow any -> api:8080 until 2026-01-31T10:00:00.000Z')` */
export const rule = (id: string, text: string): NetworkEvent => {
  const match = /^(allow|deny) (\S+) -> ([a-z0-9-]+):(\d+)(?: until (\S+))?$/.exec(text);
  if (match === null) throw new Error(`not a rule: ${text}`);
  return {
    type: 'PolicyRuleAdded',
    data: {
      ruleId: parseRuleId(`rule-${id}`, 'rule'),
      effect: match[1] === 'allow' ? 'allow' : 'deny',
      from: match[2] ?? '',
      to: parseAliasName(match[3], 'to'),
      port: Number(match[4]),
      until: match[5] ?? null,
    },
  };
};

export const ruleRemoved = (id: string): NetworkEvent => ({
  type: 'PolicyRuleRemoved',
  data: { ruleId: parseRuleId(`rule-${id}`, 'rule') },
});

/** `until` of the rule. */
export const ruleExpired = (id: string, until: string): NetworkEvent => ({
  type: 'PolicyRuleExpired',
  data: { ruleId: parseRuleId(`rule-${id}`, 'rule'), until },
});

/** `egressRule('0001', 'allow any -> *.example.com:443 private via host-b until 2026-01-31T10:00:00.000Z')` */
export const egressRule = (id: string, text: string): NetworkEvent => {
  const match = /^(allow|deny) (\S+) -> (\S+):(\d+)( private)?(?: via (\S+))?(?: until (\S+))?$/.exec(text);
  if (match === null) throw new Error(`not an egress rule: ${text}`);
  return {
    type: 'EgressRuleAdded',
    data: {
      ruleId: parseRuleId(`rule-${id}`, 'rule'),
      effect: match[1] === 'allow' ? 'allow' : 'deny',
      from: match[2] ?? '',
      to: parseOutsidePattern(match[3], 'to'),
      port: Number(match[4]),
      private: match[5] !== undefined,
      via: agentOrNull(match[6] ?? null),
      until: match[7] ?? null,
    },
  };
};

export const egressRuleRemoved = (id: string): NetworkEvent => ({
  type: 'EgressRuleRemoved',
  data: { ruleId: parseRuleId(`rule-${id}`, 'rule') },
});

/** `policyTest('0001', 'any -> api:8080 deny')` */
export const policyTest = (id: string, text: string): NetworkEvent => {
  const match = /^(\S+) -> ([a-z0-9-]+):(\d+) (allow|deny)$/.exec(text);
  if (match === null) throw new Error(`not a policy test: ${text}`);
  return {
    type: 'PolicyTestAdded',
    data: {
      testId: parsePolicyTestId(`test-${id}`, 'test'),
      from: match[1] ?? '',
      to: parseAliasName(match[2], 'to'),
      port: Number(match[3]),
      effect: match[4] === 'allow' ? 'allow' : 'deny',
    },
  };
};

export const policyTestRemoved = (id: string): NetworkEvent => ({
  type: 'PolicyTestRemoved',
  data: { testId: parsePolicyTestId(`test-${id}`, 'test') },
});

export const testsOverridden = (...ids: readonly string[]): NetworkEvent => ({
  type: 'PolicyTestsOverridden',
  data: { testIds: ids.map((id) => parsePolicyTestId(`test-${id}`, 'test')) },
});

export const egressRuleExpired = (id: string, until: string): NetworkEvent => ({
  type: 'EgressRuleExpired',
  data: { ruleId: parseRuleId(`rule-${id}`, 'rule'), until },
});

export const placed = (sandbox: string, agent: string | null): NetworkEvent => ({
  type: 'SandboxPlacementChanged',
  data: { sandboxId: parseSandboxId(sandbox, 'sandbox'), agentId: agentOrNull(agent) },
});

export const labelled = (sandbox: string, labels: { readonly [key: string]: string }): NetworkEvent => ({
  type: 'SandboxLabelsChanged',
  data: { sandboxId: parseSandboxId(sandbox, 'sandbox'), labels },
});

export const networkDeleted: NetworkEvent = { type: 'NetworkDeleted', data: {} };

const agentOrNull = (agent: string | null) => (agent === null ? null : parseAgentId(agent, 'agent'));

export function topologyOf(...events: readonly NetworkEvent[]): Topology {
  const topology = evolveNetworkThrough(null, events);
  if (topology === null) throw new Error('a topology needs events');
  return topology;
}

/** A topology whose maps compare by their entries, in any order. */
export function inPlainMaps(topology: Topology): Topology {
  const { sandboxes, aliases, rules, egressRules, policyTests, formerPublishers } = topology;
  return {
    ...topology,
    sandboxes: new Map(sandboxes),
    aliases: new Map(aliases),
    rules: new Map(rules),
    egressRules: new Map(egressRules),
    policyTests: new Map(policyTests),
    formerPublishers: new Map(formerPublishers),
  };
}
