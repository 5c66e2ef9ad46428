import { InvalidInputError } from './errors.js';
import {
  type AgentId,
  type AliasName,
  type OutsidePattern,
  parseAgentId,
  parseAliasName,
  parseSandboxId,
  type SandboxId,
} from './ids.js';
import { type FieldParser, listOf, parseSomeMembers, parseTrueOrFalse, wordOf } from './json-fields.js';
import { type AliasPort, parseAliasPorts, parseTcpPort } from './ports.js';
import { EFFECTS, type Effect } from './rules.js';
import { parseSelectorText } from './values.js';

/** As many of one kind as a declaration names. */
const MOST_DECLARED = 10_000;

export interface DeclaredAlias {
  readonly alias: AliasName;
  readonly ports: readonly AliasPort[];
}

/** A sandbox that is to be attached, and all that it is to publish. */
export interface DeclaredSandbox {
  readonly sandbox: SandboxId;
  readonly aliases: readonly DeclaredAlias[];
}

export interface DeclaredRule {
  readonly effect: Effect;
  /** A selector in its printed form. */
  readonly from: string;
  readonly to: AliasName;
  readonly port: number;
}

/** `Outside`: a name outside as somebody gave it, or the pattern that is kept. */
export interface DeclaredEgressRule<Outside extends string = OutsidePattern> {
  readonly effect: Effect;
  readonly from: string;
  readonly to: Outside;
  readonly port: number;
  readonly private: boolean;
  /** null: connections leave from the agent of the sandbox. */
  readonly via: AgentId | null;
}

/** What a network is to hold: each list in the order of the file, so that an error can name the item by its place. */
export interface Declaration<Outside extends string = OutsidePattern> {
  readonly sandboxes: readonly DeclaredSandbox[];
  readonly rules: readonly DeclaredRule[];
  readonly egress: readonly DeclaredEgressRule<Outside>[];
}

/** Each sandbox and each alias once; throws InvalidInputError that names the member by its path. */
export const parseDeclaredSandboxes: FieldParser<readonly DeclaredSandbox[]> = (value, field) => {
  const sandboxes = listOf(parseDeclaredSandbox, MOST_DECLARED)(value, field);
  refuseTwice(
    sandboxes,
    ({ sandbox }) => sandbox,
    (index) => `${field}[${index}].sandbox`,
  );
  const aliases = sandboxes.flatMap((declared, index) =>
    declared.aliases.map(({ alias }, at) => ({ alias, path: `${field}[${index}].aliases[${at}].alias` })),
  );
  refuseTwice(
    aliases,
    ({ alias }) => alias,
    (index) => aliases[index]?.path ?? field,
  );
  return sandboxes;
};

/** Each rule once; throws InvalidInputError. */
export const parseDeclaredRules: FieldParser<readonly DeclaredRule[]> = (value, field) => {
  const rules = listOf(parseDeclaredRule, MOST_DECLARED)(value, field);
  refuseTwice(
    rules,
    (rule) => JSON.stringify(rule),
    (index) => `${field}[${index}]`,
  );
  return rules;
};

/** Each rule once; throws InvalidInputError. `parseOutside`: how a name outside is read. */
export function parseDeclaredEgress<Outside extends string>(
  parseOutside: FieldParser<Outside>,
): FieldParser<readonly DeclaredEgressRule<Outside>[]> {
  return (value, field) => {
    const rules = listOf((item, at) => parseDeclaredEgressRule(item, at, parseOutside), MOST_DECLARED)(value, field);
    refuseTwice(
      rules,
      (rule) => JSON.stringify(rule),
      (index) => `${field}[${index}]`,
    );
    return rules;
  };
}

function parseDeclaredSandbox(value: unknown, field: string): DeclaredSandbox {
  const { sandbox, aliases = [] } = parseSomeMembers(value, field, ['sandbox'], ['aliases']);
  return {
    sandbox: parseSandboxId(sandbox, `${field}.sandbox`),
    aliases: listOf(parseDeclaredAlias, MOST_DECLARED)(aliases, `${field}.aliases`),
  };
}

function parseDeclaredAlias(value: unknown, field: string): DeclaredAlias {
  const { alias, ports } = parseSomeMembers(value, field, ['alias', 'ports'], []);
  if (!Array.isArray(ports)) throw new InvalidInputError(`${field}.ports`, ports, 'a list of ports, such as [8080]');
  return { alias: parseAliasName(alias, `${field}.alias`), ports: parseAliasPorts(ports, `${field}.ports`) };
}

const RULE_MEMBERS = ['effect', 'from', 'to', 'port'] as const;

function parseDeclaredRule(value: unknown, field: string): DeclaredRule {
  const { effect, from, to, port } = parseSomeMembers(value, field, RULE_MEMBERS, []);
  return {
    effect: wordOf(EFFECTS)(effect, `${field}.effect`),
    from: parseSelectorText(from, `${field}.from`),
    to: parseAliasName(to, `${field}.to`),
    port: parseTcpPort(port, `${field}.port`),
  };
}

function parseDeclaredEgressRule<Outside extends string>(
  value: unknown,
  field: string,
  parseOutside: FieldParser<Outside>,
): DeclaredEgressRule<Outside> {
  const members = parseSomeMembers(value, field, RULE_MEMBERS, ['private', 'via']);
  return {
    effect: wordOf(EFFECTS)(members.effect, `${field}.effect`),
    from: parseSelectorText(members.from, `${field}.from`),
    to: parseOutside(members.to, `${field}.to`),
    port: parseTcpPort(members.port, `${field}.port`),
    private: members.private === undefined ? false : parseTrueOrFalse(members.private, `${field}.private`),
    via: members.via === undefined || members.via === null ? null : parseAgentId(members.via, `${field}.via`),
  };
}

function refuseTwice<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
  pathOf: (index: number) => string,
): void {
  const seen = new Set<string>();
  for (const [index, item] of items.entries()) {
    const text = key(item);
    if (seen.has(text)) throw new InvalidInputError(pathOf(index), text, 'each once', 'DECLARED_TWICE');
    seen.add(text);
  }
}
