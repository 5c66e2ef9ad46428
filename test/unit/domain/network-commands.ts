import { expect } from 'chai';
import {
  parseAgentId,
  parseAliasName,
  parseNetworkId,
  parseNetworkName,
  parseRuleId,
  parseRuleReference,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseAliasPorts } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { type Decision, DomainError, type Outcome } from '#libs/domain/decision.js';
import type { NetworkCommand } from '#libs/domain/network/commands.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';

const sandbox = (id: string) => parseSandboxId(id, 'sandbox');
const alias = (name: string) => parseAliasName(name, 'alias');

/** Commands in the short form of tests. */
export const create = (name = 'dev'): NetworkCommand => ({
  kind: 'CreateNetwork',
  networkId: parseNetworkId('0a1b', 'networkId'),
  name: parseNetworkName(name, 'name'),
  mode: 'agent_proxy',
  maxStalenessSeconds: 86_400,
});

export const remove = (detachAll = false): NetworkCommand => ({ kind: 'DeleteNetwork', detachAll });

export const sandboxState = (id: string, agent: string | null, labels = {}): SandboxState => ({
  sandboxId: sandbox(id),
  version: 2,
  agentId: agent === null ? null : parseAgentId(agent, 'agent'),
  address: null,
  driver: null,
  ...{ placedSince: 2, formerAgentId: null, pinnedTo: null, pinnedSince: 1 },
  labels,
  labelledSince: 1,
  present: true,
});

/** `attach('sbx-api', {agent: 'host-b', as: 'api', ports: [8080]})` */
export const attach = (
  id: string,
  options: {
    readonly agent?: string;
    readonly labels?: { readonly [key: string]: string };
    readonly as?: string;
    readonly ports?: readonly (string | number)[];
    readonly inheritRules?: boolean;
    readonly replacePorts?: boolean;
  } = {},
): NetworkCommand => ({
  kind: 'AttachSandbox',
  sandboxId: sandbox(id),
  sandbox: sandboxState(id, options.agent ?? null, options.labels),
  publication:
    options.as === undefined
      ? null
      : { alias: alias(options.as), ports: parseAliasPorts(options.ports ?? [8080], 'ports') },
  meantSandbox: null,
  inheritRules: options.inheritRules ?? false,
  replacePorts: options.replacePorts ?? false,
});

/** No agent ever reported it. `as`: the alias, which in place of it may be the id of a sandbox (`meant`). */
export const attachUnknown = (
  id: string,
  {
    as,
    ports = [8080],
    meant,
  }: { readonly as?: string; readonly ports?: readonly (number | string)[]; readonly meant?: string } = {},
): NetworkCommand => ({
  kind: 'AttachSandbox',
  sandboxId: sandbox(id),
  sandbox: null,
  publication: as === undefined ? null : { alias: alias(as), ports: parseAliasPorts(ports, 'ports') },
  meantSandbox: meant === undefined ? null : sandbox(meant),
  inheritRules: false,
  replacePorts: false,
});

export const detach = (id: string): NetworkCommand => ({ kind: 'DetachSandbox', sandboxId: sandbox(id) });

export const publish = (
  id: string,
  name: string,
  ports: readonly (string | number)[] = [8080],
  { inheritRules = false, replacePorts = false } = {},
): NetworkCommand => ({
  kind: 'PublishAlias',
  sandboxId: sandbox(id),
  alias: alias(name),
  ports: parseAliasPorts(ports, 'ports'),
  inheritRules,
  replacePorts,
});

export const unpublish = (name: string): NetworkCommand => ({ kind: 'RemoveAlias', alias: alias(name) });

/** The time of the commands. */
export const NOW = new Date('2026-01-31T10:00:00.000Z');

/** `addRule('0001', 'allow', 'any', 'api', 8080)` */
export const addRule = (
  id: string,
  effect: 'allow' | 'deny',
  from: string,
  to: string,
  port: number,
  { meant = null, until = null }: { readonly meant?: string | null; readonly until?: string | null } = {},
): NetworkCommand => ({
  kind: 'AddRule',
  ruleId: parseRuleId(`rule-${id}`, 'rule'),
  effect,
  from: parseSelector(from, 'from'),
  to: alias(to),
  port,
  until,
  now: NOW,
  meantSandbox: meant === null ? null : sandbox(meant),
});

/** `addRules('allow', ['0001 any api 8080', '0002 local api 8080'])` */
export const addRules = (effect: 'allow' | 'deny', rules: readonly string[]): NetworkCommand => ({
  kind: 'AddRules',
  effect,
  rules: rules.map((text) => {
    const [id = '', from = '', to = '', port = ''] = text.split(' ');
    return {
      ...{ ruleId: parseRuleId(`rule-${id}`, 'rule'), from: parseSelector(from, 'from'), to: alias(to) },
      ...{ port: Number(port), until: null, now: NOW, meantSandbox: null },
    };
  }),
});

/** By its id, or its first characters. */
export const removeRule = (id: string): NetworkCommand => ({
  kind: 'RemoveRule',
  ruleId: parseRuleReference(`rule-${id}`, 'rule'),
});

export const place = (id: string, agent: string | null): NetworkCommand => ({
  kind: 'ChangePlacement',
  sandboxId: sandbox(id),
  agentId: agent === null ? null : parseAgentId(agent, 'agent'),
});

export const relabel = (id: string, labels: { readonly [key: string]: string }): NetworkCommand => ({
  kind: 'ChangeLabels',
  sandboxId: sandbox(id),
  labels,
});

/** Decides on the fold of the given events. */
export function decided(given: readonly NetworkEvent[], command: NetworkCommand): Decision<NetworkEvent, unknown> {
  return decideNetwork(command, evolveNetworkThrough(null, given));
}

export function carriedOut(given: readonly NetworkEvent[], command: NetworkCommand): Outcome<NetworkEvent, unknown> {
  const decision = decided(given, command);
  if (decision instanceof DomainError) throw decision;
  return decision;
}

/** `given(events).when(command)`, then the events, result and warnings, or the refusal. */
export const given = (...events: readonly NetworkEvent[]) => ({
  when: (command: NetworkCommand) => ({
    thenWritten: (written: readonly NetworkEvent[], result: unknown, warnings: readonly string[] = []) => {
      const outcome = carriedOut(events, command);
      expect(outcome.events).to.deep.equal(written);
      expect(outcome.result).to.deep.equal(result);
      expect(outcome.warnings.map(({ code, message }) => `${code}: ${message}`)).to.deep.equal(warnings);
    },
    thenRefused: (category: DomainError['category'], code: string, ...words: readonly string[]) => {
      const decision = decided(events, command);
      expect(decision).to.be.instanceOf(DomainError).and.include({ category, code });
      const { message, remedy } = decision as DomainError;
      for (const word of words) expect(`${message}; ${remedy}`).to.contain(word);
      expect(remedy, 'a next step').to.be.a('string').and.not.be.empty;
    },
  }),
});

export const addEgressRule = (
  id: string,
  effect: 'allow' | 'deny',
  from: string,
  to: string,
  {
    port = 443,
    via = null,
    meant = null,
    until = null,
  }: {
    readonly port?: number;
    readonly via?: string | null;
    readonly meant?: string | null;
    until?: string | null;
  } = {},
) =>
  ({
    kind: 'AddEgressRule',
    ruleId: parseRuleId(`rule-${id}`, 'rule'),
    ...{ effect, from: parseSelector(from, 'from'), to: parseOutsidePattern(to, 'to'), port, private: false },
    via: via === null ? null : parseAgentId(via, 'via'),
    until,
    now: NOW,
    meantSandbox: meant === null ? null : sandbox(meant),
  }) satisfies NetworkCommand;

export const expireRules = (now: string): NetworkCommand => ({ kind: 'ExpireRules', now: new Date(now) });

export const removeEgressRule = (id: string): NetworkCommand => ({
  kind: 'RemoveEgressRule',
  ruleId: parseRuleId(`rule-${id}`, 'rule'),
});
