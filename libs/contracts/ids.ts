import { InvalidInputError } from './errors.js';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Random and permanent. A network's name may be reused after the network is deleted, its id never. */
export type NetworkId = Branded<'NetworkId'>;
/** DNS label, RFC 1123 section 2.1. */
export type NetworkName = Branded<'NetworkName'>;
/** DNS label, RFC 1123 section 2.1. */
export type AliasName = Branded<'AliasName'>;
/** The sandbox's name at its host's driver. */
export type SandboxId = Branded<'SandboxId'>;
/** The agent's name: a DNS label, so it is one token of a NATS subject. */
export type AgentId = Branded<'AgentId'>;
export type RuleId = Branded<'RuleId'>;
/** A rule's id or its first characters, as a person refers to an existing rule. */
export type RuleReference = RuleId | Branded<'RuleReference'>;
export type PolicyTestId = Branded<'PolicyTestId'>;
export type FlowId = Branded<'FlowId'>;
/** The Idempotency-Key of a write. */
export type CommandId = Branded<'CommandId'>;
export type UserName = Branded<'UserName'>;
export type LocalNodeId = Branded<'LocalNodeId'>;
/** A DNS name outside the suffix, such as packages.example.com; its parser is in outside-names.ts. */
export type OutsideName = Branded<'OutsideName'>;
/** A name outside, or `*.` before one. */
export type OutsidePattern = Branded<'OutsidePattern'>;

export const DNS_SUFFIX = 'gstacks';

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const DNS_LABEL_TEXT = '1 to 63 of a-z, 0-9 and -, not beginning or ending with -';

/** Selectors that an alias of the same name would shadow. */
export const RESERVED_ALIASES: ReadonlySet<string> = new Set(['local', 'any']);

/** A name as DNS has it, where a request takes one of its labels: `api.dev.gstacks` in place of `api` or `dev`. */
export class FullNameError extends InvalidInputError {
  constructor(
    field: string,
    readonly found: string,
    /** The label that is meant. */
    readonly label: string,
    readonly network: string,
  ) {
    super(
      field,
      found,
      `${label} alone, if network ${network} is meant`,
      'FULL_NAME',
      `give ${field} as ${label}, for network ${network}`,
    );
  }
}

const FULL_NAME = new RegExp(`^(?:([^.]+)\\.)?([^.]+)\\.${DNS_SUFFIX}\\.?$`);

/** Throws FullNameError for `api.dev.gstacks` and, where a network is expected, for `dev.gstacks`. */
function refuseFullName(kind: 'alias' | 'network', value: unknown, field: string): void {
  if (typeof value !== 'string') return;
  const [, alias, network] = FULL_NAME.exec(value) ?? [];
  const label = kind === 'alias' ? alias : network;
  if (label !== undefined && network !== undefined) throw new FullNameError(field, value, label, network);
}

function parser<T extends string>(pattern: RegExp, accepted: string): (value: unknown, field: string) => T {
  return (value, field) => {
    if (typeof value !== 'string' || !pattern.test(value)) throw new InvalidInputError(field, value, accepted);
    return value as T;
  };
}

/** Each parser takes an untrusted value and the field's name, and throws InvalidInputError. */
export function parseNetworkName(value: unknown, field: string): NetworkName {
  refuseFullName('network', value, field);
  return parseNetworkLabel(value, field);
}
const parseNetworkLabel = parser<NetworkName>(DNS_LABEL, DNS_LABEL_TEXT);
/** For references to an existing agent. For naming a new agent, use parseAgentName. */
export const parseAgentId = parser<AgentId>(DNS_LABEL, DNS_LABEL_TEXT);

/** Names whose inboxes on the bus are those of the control plane and of every local node. */
const RESERVED_AGENTS: ReadonlySet<string> = new Set(['control-plane', 'local']);

/** An agent id that is not reserved, for requests in which an agent gets its name or credentials for it. */
export function parseAgentName(value: unknown, field: string): AgentId {
  const agentId = parseAgentId(value, field);
  if (!RESERVED_AGENTS.has(agentId)) return agentId;
  throw new InvalidInputError(
    field,
    value,
    `a name other than ${[...RESERVED_AGENTS].join(', ')}`,
    'AGENT_NAME_RESERVED',
    'enrol this host under another name: gstacks agent enroll <name>',
  );
}

export const parseNetworkId = parser<NetworkId>(/^[0-9a-f-]{1,64}$/, 'a network id');
export const parseSandboxId = parser<SandboxId>(
  /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/,
  '1 to 128 of letters, digits, _ . and -, beginning with a letter or digit',
);
export const parseRuleId = parser<RuleId>(/^rule-[a-z0-9]{4,32}$/, 'a rule id such as rule-4f9c21ab');
export const parseRuleReference = parser<RuleReference>(
  /^rule-[a-z0-9]{1,32}$/,
  'a rule id such as rule-4f9c21ab, or its first characters',
);
export const parsePolicyTestId = parser<PolicyTestId>(
  /^test-[a-z0-9]{4,32}$/,
  'the id of a policy test such as test-4f9c21ab',
);
export const parseFlowId = parser<FlowId>(/^[0-9a-f]{32}$/, '32 hexadecimal digits');
export const parseCommandId = parser<CommandId>(/^[A-Za-z0-9_.:-]{1,128}$/, '1 to 128 of letters, digits and _ . : -');
export const parseUserName = parser<UserName>(
  /^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/,
  '1 to 63 of a-z, 0-9, . _ and -',
);
export const parseLocalNodeId = parser<LocalNodeId>(DNS_LABEL, DNS_LABEL_TEXT);

const parseAliasLabel = parser<AliasName>(DNS_LABEL, DNS_LABEL_TEXT);

/** An alias: a DNS label that is not a reserved selector. */
export function parseAliasName(value: unknown, field: string): AliasName {
  refuseFullName('alias', value, field);
  const alias = parseAliasLabel(value, field);
  if (RESERVED_ALIASES.has(alias)) {
    throw new InvalidInputError(
      field,
      value,
      `an alias other than ${[...RESERVED_ALIASES].join(', ')}, which are selectors`,
      'ALIAS_RESERVED',
    );
  }
  return alias;
}

/** `api.dev.gstacks`. Two labels of at most 63 octets and the suffix always fit RFC 1035's 253. */
export function fullName(alias: AliasName, network: NetworkName): string {
  return `${alias}.${network}.${DNS_SUFFIX}`;
}
