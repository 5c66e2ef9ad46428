import type { AliasName, NetworkName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import type { AliasRecord, Topology } from '#libs/policy/model.js';
import { DomainError } from '../decision.js';
import { listed } from '../listed.js';

/** No such network, or no more. */
export class NetworkNotFoundError extends DomainError {
  constructor(name: NetworkName | null) {
    const which = name === null ? 'there is no such network' : `network ${name} was deleted`;
    super('not-found', 'NETWORK_NOT_FOUND', which, 'see gstacks network list');
  }
}

export class NetworkExistsError extends DomainError {
  constructor(name: NetworkName) {
    super('conflict', 'NETWORK_EXISTS', `network ${name} exists already`, `see gstacks network show ${name}`);
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
  constructor({ name }: Topology, sandboxId: SandboxId) {
    super(
      'not-found',
      'NOT_ATTACHED',
      `sandbox ${sandboxId} is not attached to network ${name}`,
      `attach it with gstacks network attach ${name} ${sandboxId}`,
    );
  }
}

export class AliasTakenError extends DomainError {
  constructor({ name }: Topology, { alias, sandboxId }: AliasRecord) {
    super(
      'conflict',
      'ALIAS_TAKEN',
      `alias ${alias} of network ${name} is published by sandbox ${sandboxId}`,
      `choose another alias, or remove it first with gstacks network alias remove ${name} ${alias}`,
    );
  }
}

export class AliasHasRulesError extends DomainError {
  constructor(
    { name }: Topology,
    alias: AliasName,
    former: SandboxId,
    readonly rules: readonly RuleId[],
  ) {
    super(
      'conflict',
      'ALIAS_HAS_RULES',
      `${rules.length} rules name alias ${alias}, written when sandbox ${former} published it: ${listed(rules)}`,
      `publish it with --inherit-rules to take them over, or remove them with gstacks network policy remove ${name} <rule-id>`,
    );
  }
}

export class AliasNotFoundError extends DomainError {
  constructor({ name }: Topology, alias: AliasName) {
    super(
      'not-found',
      'ALIAS_NOT_FOUND',
      `network ${name} has no alias ${alias}`,
      `see gstacks network alias list ${name}`,
    );
  }
}

export class RuleNotFoundError extends DomainError {
  constructor({ name }: Topology, ruleId: RuleId) {
    super(
      'not-found',
      'RULE_NOT_FOUND',
      `network ${name} has no rule ${ruleId}`,
      `see gstacks network policy list ${name}`,
    );
  }
}

/** The id was drawn by the caller, who draws another. */
export class RuleIdTakenError extends DomainError {
  constructor(ruleId: RuleId) {
    super('conflict', 'RULE_ID_TAKEN', `another rule has the id ${ruleId}`, 'send the command again');
  }
}

/** One network holds no more of these. */
export class NetworkLimitError extends DomainError {
  constructor({ name }: Topology, what: 'sandboxes' | 'aliases' | 'rules', limit: number) {
    super(
      'conflict',
      `TOO_MANY_${what.toUpperCase()}`,
      `network ${name} has ${limit} ${what}, which is as many as one network holds`,
      `remove ${what} that are not used, or use a second network`,
    );
  }
}
