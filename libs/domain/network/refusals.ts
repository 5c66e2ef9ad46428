import type { AliasName, NetworkName, PolicyTestId, RuleId, RuleReference, SandboxId } from '#libs/contracts/ids.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { type AliasPort, MAX_PORTS_PER_ALIAS, portText } from '#libs/contracts/ports.js';
import { RULE_END_SECONDS } from '#libs/contracts/rule-ends.js';
import { formatSelector, type SelectorEffect } from '#libs/contracts/selectors.js';
import type { AliasRecord, PolicyTest, Topology } from '#libs/policy/model.js';
import { DomainError } from '../decision.js';
import { listed } from '../listed.js';
import { aliasToGive, sandboxToGive } from './mixed-names.js';

/** No such network, or no more. */
export class NetworkNotFoundError extends DomainError {
  constructor(name: NetworkName | null) {
    const which = name === null ? 'there is no such network' : `network ${name} was deleted`;
    super('not-found', 'NETWORK_NOT_FOUND', which, 'see gstacks network list');
  }
}

export class NetworkExistsError extends DomainError {
  constructor(name: NetworkName) {
    super('conflict', 'NETWORK_EXISTS', `network ${name} already exists`, `see gstacks network show ${name}`, 'name');
  }
}

export class NetworkNotEmptyError extends DomainError {
  constructor(
    name: NetworkName,
    readonly sandboxes: readonly SandboxId[],
  ) {
    super(
      'conflict',
      'NETWORK_NOT_EMPTY',
      `network ${name} still has ${sandboxes.length} attached: ${listed(sandboxes)}`,
      `detach them, or use gstacks network delete ${name} --detach-all`,
    );
  }
}

export class SandboxNotAttachedError extends DomainError {
  /** Without a remedy of its own it is: attach it, or give the sandbox in place of its alias. */
  constructor(
    network: Topology,
    sandboxId: SandboxId,
    remedy = sandboxToGive(network, sandboxId) ?? `attach it with gstacks network attach ${network.name} ${sandboxId}`,
  ) {
    const message = `sandbox ${sandboxId} is not attached to network ${network.name}`;
    super('not-found', 'NOT_ATTACHED', message, remedy, 'sandboxId');
  }
}

export class AliasTakenError extends DomainError {
  constructor({ name }: Topology, { alias, sandboxId }: AliasRecord) {
    super(
      'conflict',
      'ALIAS_TAKEN',
      `alias ${alias} of network ${name} is published by sandbox ${sandboxId}`,
      `choose another alias, or remove it first with gstacks network alias remove ${name} ${alias}`,
      'alias',
    );
  }
}

/** Publishing adds ports; one that leads elsewhere already would be taken from those who use it. */
export class AliasPortDiffersError extends DomainError {
  constructor(
    { name }: Topology,
    { alias, sandboxId, ports }: AliasRecord,
    differing: readonly AliasPort[],
    all: readonly AliasPort[],
  ) {
    const now = ports.filter(({ published }) => differing.some((port) => port.published === published));
    const flags = all.map((port) => ` --port ${portText(port)}`).join('');
    super(
      'conflict',
      'ALIAS_PORT_DIFFERS',
      `alias ${alias} publishes ${now.map(portText).join(', ')} already, not ${differing.map(portText).join(', ')}`,
      `to replace its ports, give all of them: gstacks network alias add ${name} ${sandboxId} ${alias}${flags} ` +
        '--replace-ports',
      'ports',
    );
  }
}

export class TooManyPortsError extends DomainError {
  constructor({ name }: Topology, alias: AliasName) {
    super(
      'conflict',
      'TOO_MANY_PORTS',
      `alias ${alias} of network ${name} would publish more than ${MAX_PORTS_PER_ALIAS} ports`,
      'publish the others under a second alias, or list all needed ports with --replace-ports',
      'ports',
    );
  }
}

export class AliasHasRulesError extends DomainError {
  constructor(
    { name }: Topology,
    alias: AliasName,
    former: SandboxId,
    readonly rules: readonly RuleId[],
    remedy = `publish it with --inherit-rules to take them over, or remove each: gstacks network policy remove ${name} <rule-id>`,
  ) {
    super(
      'conflict',
      'ALIAS_HAS_RULES',
      `${rules.length} rules name alias ${alias}, written when sandbox ${former} published it: ${listed(rules)}`,
      remedy,
      'alias',
    );
  }
}

export class AliasNotFoundError extends DomainError {
  /** A rule names the alias in its field `to`. */
  constructor(network: Topology, alias: AliasName, field: 'alias' | 'to' = 'alias') {
    const { name } = network;
    super(
      'not-found',
      'ALIAS_NOT_FOUND',
      `network ${name} has no alias ${alias}`,
      aliasToGive(network, alias) ?? `see gstacks network alias list ${name}`,
      field,
    );
  }
}

export class RuleNotFoundError extends DomainError {
  constructor({ name }: Topology, ruleId: RuleReference) {
    super(
      'not-found',
      'RULE_NOT_FOUND',
      `network ${name} has no rule ${ruleId}`,
      `see gstacks network policy list ${name}`,
      'ruleId',
    );
  }
}

/** The first characters of an id with which several rules begin. */
export class AmbiguousRuleError extends DomainError {
  constructor(named: RuleReference, candidates: readonly RuleId[]) {
    super(
      'conflict',
      'RULE_AMBIGUOUS',
      `${candidates.length} rules begin with ${named}: ${listed(candidates)}`,
      `give more characters, such as ${candidates[0]}`,
      'ruleId',
    );
  }
}

/** The id was drawn by the caller, who draws another. */
export class RuleIdTakenError extends DomainError {
  constructor(ruleId: RuleId) {
    super('conflict', 'RULE_ID_TAKEN', `another rule has the id ${ruleId}`, 'send the command again');
  }
}

/** The selector names an alias that nobody publishes, and a sandbox has that id. */
export class SourceIsSandboxError extends DomainError {
  constructor({ name }: Topology, sandboxId: SandboxId) {
    super(
      'invalid',
      'SOURCE_IS_SANDBOX',
      `network ${name} has no alias ${sandboxId}; ${sandboxId} is the id of a sandbox`,
      `write sandbox:${sandboxId}, or --force for an alias that is published later`,
      'from',
    );
  }
}

/** An egress rule cannot name developers' machines: they reach the internet by themselves, not through an agent. */
export class EgressSourceError extends DomainError {
  constructor(from: string) {
    super(
      'invalid',
      'EGRESS_FROM_LOCAL',
      `${from} matches developers' machines, which do not reach outside names through an agent`,
      'name sandboxes: sandbox:<id>, label:<key>=<value>, any, or an alias of the network',
      'from',
    );
  }
}

/** A rule ends in the time to come, and not too far ahead for anybody to remember it. */
export class RuleEndError extends DomainError {
  constructor(until: string, now: Date) {
    super(
      'invalid',
      'RULE_END_INVALID',
      `${until} is not within the ${RULE_END_SECONDS.most / 86_400} days after now, ${now.toISOString()} by the control plane's clock`,
      'give how long the rule is to last instead, such as --for 2h',
      'until',
    );
  }
}

/** A deny holds wherever the connection would leave from. */
export class ExitOfDenyError extends DomainError {
  constructor() {
    super(
      'invalid',
      'EXIT_OF_DENY',
      'a deny takes no --via: it applies at every exit',
      'leave --via out, or remove the allow that names the exit: gstacks network egress remove <network> <rule-id>',
      'via',
    );
  }
}

export class EgressRuleNotFoundError extends DomainError {
  constructor({ name }: Topology, ruleId: RuleReference) {
    super(
      'not-found',
      'RULE_NOT_FOUND',
      `network ${name} has no egress rule ${ruleId}`,
      `see gstacks network egress list ${name}`,
      'ruleId',
    );
  }
}

/** One item of a declaration is refused, as a command of its own about it would be. */
export class DeclaredItemError extends DomainError {
  /** `path`: its place in the request, such as `rules[3]`. */
  constructor(path: string, { category, code, message, remedy, field }: DomainError) {
    super(category, code, message, remedy, field === null ? path : `${path}.${field}`);
  }
}

export class PolicyTestNotFoundError extends DomainError {
  constructor({ name }: Topology, testId: PolicyTestId) {
    const remedy = `see gstacks network policy test list ${name}`;
    super('not-found', 'POLICY_TEST_NOT_FOUND', `network ${name} has no policy test ${testId}`, remedy, 'testId');
  }
}

/** What it says is not so now. */
export class PolicyTestFailsError extends DomainError {
  constructor({ name }: Topology, { from: source, to: alias, port, effect }: PolicyTest, now: SelectorEffect) {
    const from = formatSelector(source);
    super(
      'conflict',
      'POLICY_TEST_FAILS',
      `${from} to ${alias}:${port} is ${now} in network ${name}, not ${effect}`,
      `see why: gstacks network explain ${name} ${from} ${alias}:${port}`,
      'effect',
    );
  }
}

/** The write would change a verdict that the network's policy tests keep. */
export class PolicyTestBrokenError extends DomainError {
  constructor({ name }: Topology, broken: readonly PolicyTest[]) {
    const tests = broken.map((test) => `${test.id} (${policyTestText({ ...test, from: formatSelector(test.from) })})`);
    super(
      'conflict',
      'POLICY_TEST_BROKEN',
      `network ${name} would break ${listed(tests)}; nothing was written`,
      `see the tests with gstacks network policy test list ${name}; change the write, remove the test, or as admin add --override`,
    );
  }
}

/** One network holds no more of these. */
export class NetworkLimitError extends DomainError {
  constructor(
    { name }: Topology,
    what: 'sandboxes' | 'aliases' | 'rules' | 'egress rules' | 'policy tests',
    limit: number,
  ) {
    super(
      'conflict',
      `TOO_MANY_${what.toUpperCase().replace(' ', '_')}`,
      `network ${name} has ${limit} ${what}, the most that one network may have`,
      `remove unused ${what}, or use a second network`,
    );
  }
}
