import type { PrintedEgressRule } from '#libs/contracts/egress-rules.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import {
  parseAgentId,
  parseAliasName,
  parseNetworkId,
  parseNetworkName,
  parseRuleId,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import {
  integerBetween,
  listOf,
  nullOr,
  parseMembers,
  parseObject,
  parseTrueOrFalse,
  wordOf,
} from '#libs/contracts/json-fields.js';
import { parseOutsidePattern } from '#libs/contracts/outside-names.js';
import { type AliasPort, MAX_PORTS_PER_ALIAS } from '#libs/contracts/ports.js';
import { EFFECTS, type PrintedRule } from '#libs/contracts/rules.js';
import { formatSelector, parseLabel, parseSelector } from '#libs/contracts/selectors.js';
import { parseInstant } from '#libs/contracts/times.js';
import { MAX_STALENESS_SECONDS, MIN_STALENESS_SECONDS } from '#libs/contracts/values.js';
import { NETWORK_LIMITS } from './limits.js';
import type { Snapshot } from './model.js';
import type { SnapshotHead } from './snapshot-digest.js';

/** What arrived is not a snapshot that `compile` could have made. The version held before stays in force. */
export class SnapshotInvalidError extends CodedError {
  constructor(message: string, code = 'SNAPSHOT_INVALID') {
    super(code, message, 'check that control plane and agent run the same release');
  }
}

const parseVersion = integerBetween(1, Number.MAX_SAFE_INTEGER);
const parseStaleness = integerBetween(MIN_STALENESS_SECONDS, MAX_STALENESS_SECONDS);
/** In JSON a port is a number; contracts' parsePort takes text as well. */
const parsePortNumber = integerBetween(1, 65_535);

const SNAPSHOT_FORMAT = 1;
const HEAD_FIELDS = ['format', 'networkId', 'name', 'version', 'maxStalenessSeconds', 'participates'] as const;
const SNAPSHOT_FIELDS = [...HEAD_FIELDS, 'sandboxes', 'aliases', 'rules'] as const;

/**
 * A snapshot from untrusted JSON. Takes exactly what `compile` makes: known members only, within the limits of a
 * network, lists in strict order, aliases of attached sandboxes, selectors in printed form; so that text, hash and
 * value stand for each other. Throws SnapshotInvalidError (`SNAPSHOT_INVALID`, `SNAPSHOT_FORMAT_UNSUPPORTED`).
 */
export function parseSnapshot(value: unknown): Snapshot {
  try {
    return snapshotFrom(value);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new SnapshotInvalidError(error.message);
    throw error;
  }
}

function snapshotFrom(value: unknown): Snapshot {
  requireFormat(parseObject(value, 'snapshot').format);
  const { egress, ...others } = parseObject(value, 'snapshot');
  const fields = parseMembers(others, 'snapshot', SNAPSHOT_FIELDS);
  const snapshot: Snapshot = {
    ...headFrom(fields, 'snapshot'),
    sandboxes: listOf(parseSandbox, NETWORK_LIMITS.sandboxes)(fields.sandboxes, 'snapshot.sandboxes'),
    aliases: listOf(parseAlias, NETWORK_LIMITS.aliases)(fields.aliases, 'snapshot.aliases'),
    rules: listOf(parseRule, NETWORK_LIMITS.rules)(fields.rules, 'snapshot.rules'),
    ...(egress === undefined ? {} : { egress: parseEgress(egress) }),
  };
  requireAscending(snapshot.sandboxes, ({ sandboxId }) => sandboxId, 'snapshot.sandboxes');
  requireAscending(snapshot.aliases, ({ alias }) => alias, 'snapshot.aliases');
  requireAscending(snapshot.rules, ({ id }) => id, 'snapshot.rules');
  requireConsistent(snapshot);
  return snapshot;
}

/** What a snapshot says of the network itself, alone. Throws InvalidInputError, SnapshotInvalidError. */
export function parseHead(value: unknown, field: string): SnapshotHead {
  const fields = parseMembers(value, field, HEAD_FIELDS);
  requireFormat(fields.format);
  return headFrom(fields, field);
}

function headFrom(fields: { readonly [field in (typeof HEAD_FIELDS)[number]]: unknown }, field: string): SnapshotHead {
  return {
    format: SNAPSHOT_FORMAT,
    networkId: parseNetworkId(fields.networkId, `${field}.networkId`),
    name: parseNetworkName(fields.name, `${field}.name`),
    version: parseVersion(fields.version, `${field}.version`),
    maxStalenessSeconds: parseStaleness(fields.maxStalenessSeconds, `${field}.maxStalenessSeconds`),
    participates: parseTrueOrFalse(fields.participates, `${field}.participates`),
  };
}

function requireFormat(format: unknown): void {
  if (format === SNAPSHOT_FORMAT) return;
  throw new SnapshotInvalidError(
    `snapshot format ${JSON.stringify(format)} is not known; this release reads format ${SNAPSHOT_FORMAT}`,
    'SNAPSHOT_FORMAT_UNSUPPORTED',
  );
}

/** An attached sandbox as a snapshot lists it. Throws InvalidInputError. */
export function parseSandbox(value: unknown, field: string): Snapshot['sandboxes'][number] {
  const { sandboxId, agentId, labels } = parseMembers(value, field, ['sandboxId', 'agentId', 'labels']);
  return {
    sandboxId: parseSandboxId(sandboxId, `${field}.sandboxId`),
    agentId: nullOr(parseAgentId)(agentId, `${field}.agentId`),
    labels: parseLabels(labels, `${field}.labels`),
  };
}

function parseLabels(value: unknown, field: string): { readonly [key: string]: string } {
  const entries = Object.entries(parseObject(value, field));
  if (entries.length > NETWORK_LIMITS.labelsPerSandbox) {
    throw new InvalidInputError(field, entries.length, `at most ${NETWORK_LIMITS.labelsPerSandbox} labels`);
  }
  return Object.fromEntries(entries.map(([key, label]) => parseLabel(key, label, field)));
}

/** An alias as a snapshot lists it. Throws InvalidInputError. */
export function parseAlias(value: unknown, field: string): Snapshot['aliases'][number] {
  const { alias, sandboxId, ports } = parseMembers(value, field, ['alias', 'sandboxId', 'ports']);
  const read = listOf(parseAliasPort, MAX_PORTS_PER_ALIAS)(ports, `${field}.ports`);
  if (read.length === 0) throw new InvalidInputError(`${field}.ports`, [], 'at least one port');
  requireAscending(read, ({ published }) => published, `${field}.ports`);
  return {
    alias: parseAliasName(alias, `${field}.alias`),
    sandboxId: parseSandboxId(sandboxId, `${field}.sandboxId`),
    ports: read,
  };
}

function parseAliasPort(value: unknown, field: string): AliasPort {
  const { published, target } = parseMembers(value, field, ['published', 'target']);
  return {
    published: parsePortNumber(published, `${field}.published`),
    target: parsePortNumber(target, `${field}.target`),
  };
}

/** A rule as a snapshot lists it. Throws InvalidInputError. */
export function parseRule(value: unknown, field: string): PrintedRule {
  const { until, ...others } = parseObject(value, field);
  const { id, effect, from, to, port } = parseMembers(others, field, ['id', 'effect', 'from', 'to', 'port']);
  return {
    id: parseRuleId(id, `${field}.id`),
    effect: wordOf(EFFECTS)(effect, `${field}.effect`),
    from: formatSelector(parseSelector(from, `${field}.from`)),
    to: parseAliasName(to, `${field}.to`),
    port: parsePortNumber(port, `${field}.port`),
    ...(until === undefined ? {} : { until: parseInstant(until, `${field}.until`) }),
  };
}

/** Present only when there is a rule. */
function parseEgress(value: unknown): readonly PrintedEgressRule[] {
  const rules = listOf(parseEgressRule, NETWORK_LIMITS.egressRules)(value, 'snapshot.egress');
  if (rules.length === 0) throw new InvalidInputError('snapshot.egress', [], 'at least one rule, or no such member');
  requireAscending(rules, ({ id }) => id, 'snapshot.egress');
  return rules;
}

/** A rule about a name outside as a snapshot lists it. Throws InvalidInputError. */
export function parseEgressRule(value: unknown, field: string): PrintedEgressRule {
  const { via, until, ...others } = parseObject(value, field);
  const members = parseMembers(others, field, ['id', 'effect', 'from', 'to', 'port', 'private']);
  return {
    id: parseRuleId(members.id, `${field}.id`),
    effect: wordOf(EFFECTS)(members.effect, `${field}.effect`),
    from: formatSelector(parseSelector(members.from, `${field}.from`)),
    to: parseOutsidePattern(members.to, `${field}.to`),
    port: parsePortNumber(members.port, `${field}.port`),
    private: parseTrueOrFalse(members.private, `${field}.private`),
    ...(via === undefined ? {} : { via: parseAgentId(via, `${field}.via`) }),
    ...(until === undefined ? {} : { until: parseInstant(until, `${field}.until`) }),
  };
}

function requireAscending<T>(values: readonly T[], key: (value: T) => string | number, field: string): void {
  values.forEach((value, index) => {
    const previous = values[index - 1];
    if (previous !== undefined && !(key(previous) < key(value))) {
      throw new InvalidInputError(`${field}[${index}]`, key(value), `a key above ${key(previous)}`);
    }
  });
}

function requireConsistent(snapshot: Snapshot): void {
  if (!snapshot.participates) {
    const lists = [snapshot.sandboxes, snapshot.aliases, snapshot.rules, snapshot.egress ?? []];
    const left = lists.find((list) => list.length > 0);
    if (left !== undefined) throw new InvalidInputError('snapshot.participates', false, 'empty lists beside false');
  }
  const attached = new Set(snapshot.sandboxes.map(({ sandboxId }) => sandboxId));
  const stray = snapshot.aliases.find(({ sandboxId }) => !attached.has(sandboxId));
  if (stray !== undefined) {
    throw new InvalidInputError(`snapshot.aliases.${stray.alias}`, stray.sandboxId, 'an attached sandbox');
  }
}
