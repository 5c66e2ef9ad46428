import {
  type NetworkId,
  parseAgentId,
  parseAliasName,
  parseNetworkId,
  parseNetworkName,
  parseRuleId,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { parseAliasPort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { parseInstant } from '#libs/contracts/times.js';
import type { EgressRule, NetworkView, Rule } from '#libs/policy/model.js';

/** `sandboxes` id -> agent (null: none holds it), `aliases` alias -> sandbox and ports, rules as `from alias port`. */
export interface ViewText {
  readonly networkId?: string;
  readonly version: number;
  readonly sandboxes: { readonly [sandboxId: string]: string | null };
  readonly aliases: {
    readonly [alias: string]: { readonly sandbox: string; readonly ports: readonly (string | number)[] };
  };
  /** Labels by sandbox; none by default. */
  readonly labels?: { readonly [sandboxId: string]: { readonly [key: string]: string } };
  /** With `until=<time>` after it, a rule ends. */
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
  /** Each as `allow any *.example.com 443`, with `private`, `via=host-b` and `until=<time>` after it. */
  readonly egress?: readonly string[];
}

/** The time for which a test evaluates the policy. */
export const TEST_TIME_MS = Date.parse('2026-01-31T10:00:00.000Z');

export const TEST_NETWORK: NetworkId = parseNetworkId('0d5f', 'network id');

/** A network as an agent sees it, from a short description. */
export function networkView(text: ViewText): NetworkView {
  const rules = [
    ...(text.allow ?? []).map((rule) => ['allow', rule] as const),
    ...(text.deny ?? []).map((rule) => ['deny', rule] as const),
  ].map(([effect, rule], index): Rule => {
    const [from, to, port, until] = rule.split(' ');
    return {
      id: parseRuleId(`rule-${String(index).padStart(4, '0')}`, 'rule'),
      effect,
      from: parseSelector(from, 'from'),
      to: parseAliasName(to, 'to'),
      port: Number(port),
      until: untilOf(until),
    };
  });
  return {
    networkId: text.networkId === undefined ? TEST_NETWORK : parseNetworkId(text.networkId, 'network id'),
    name: parseNetworkName('dev', 'name'),
    version: text.version,
    sandboxes: new Map(
      Object.entries(text.sandboxes).map(([id, agent]) => {
        const sandboxId = parseSandboxId(id, 'sandbox');
        const agentId = agent === null ? null : parseAgentId(agent, 'agent');
        return [sandboxId, { sandboxId, agentId, labels: text.labels?.[id] ?? {} }];
      }),
    ),
    aliases: new Map(
      Object.entries(text.aliases).map(([name, { sandbox, ports }]) => {
        const alias = parseAliasName(name, 'alias');
        const sandboxId = parseSandboxId(sandbox, 'sandbox');
        return [alias, { alias, sandboxId, ports: ports.map((port) => parseAliasPort(port, 'port')) }];
      }),
    ),
    rules: new Map(rules.map((rule) => [rule.id, rule])),
    egressRules: new Map((text.egress ?? []).map(egressRule).map((rule) => [rule.id, rule])),
  };
}

function egressRule(text: string, index: number): EgressRule {
  const [effect, from, to, port, ...more] = text.split(' ');
  const via = more.find((word) => word.startsWith('via='))?.slice('via='.length);
  return {
    id: parseRuleId(`rule-e${String(index).padStart(4, '0')}`, 'rule'),
    effect: effect === 'deny' ? 'deny' : 'allow',
    from: parseSelector(from, 'from'),
    to: parseOutsidePattern(to, 'to'),
    port: Number(port),
    private: more.includes('private'),
    via: via === undefined ? null : parseAgentId(via, 'via'),
    until: untilOf(more.find((word) => word.startsWith('until='))),
  };
}

function untilOf(word: string | undefined): string | null {
  return word === undefined ? null : parseInstant(word.slice('until='.length), 'until');
}
