import { CodedError } from '#libs/contracts/errors.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { carryIndex } from '#libs/policy/policy-index.js';
import type { NetworkEvent } from './events.js';
import { having, type OwnedMaps, without } from './owned-maps.js';
import { elementsTouchedBy } from './touched-elements.js';
import { sandboxSince, sinceOf } from './unchanged-since.js';

/** The stream does not begin with NetworkCreated, or has a second one: it was not written by the deciders. */
export class StreamOrderError extends CodedError {
  constructor(type: string, version: number) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot stand at version ${version} of a network stream`,
      'see docs/operations.md, STREAM_UNREADABLE: a newer release wrote it, or the log is damaged',
    );
  }
}

/**
 * The topology after one more event of its stream, at the cost of what the event changes: the argument is left as it
 * was, and the result shares the rest with it, and its index if it has one. Every event, known or not to change
 * anything, raises the version by one, so that the version is the stream version. Throws StreamOrderError.
 */
export function evolveNetwork(topology: Topology | null, event: NetworkEvent): Topology {
  const after = step(topology, event, null);
  if (topology !== null) carryIndex(topology, after, elementsTouchedBy(event));
  return after;
}

/** Of more events than this, a copy of each map that is then written to costs less than what each event would share. */
const FEW_EVENTS = 16;

/** As `evolveNetwork` for each event in turn. Of many events each map is copied once at most. */
export function evolveNetworkThrough(topology: Topology | null, events: readonly NetworkEvent[]): Topology | null {
  if (events.length <= FEW_EVENTS) return events.reduce<Topology | null>(evolveNetwork, topology);
  const owned: OwnedMaps = new Set();
  let folded = topology;
  for (const event of events) folded = step(folded, event, owned);
  return folded;
}

function step(before: Topology | null, event: NetworkEvent, owned: OwnedMaps | null): Topology {
  if (event.type === 'NetworkCreated') {
    if (before !== null) throw new StreamOrderError(event.type, before.version + 1);
    const empty = { sandboxes: new Map(), aliases: new Map(), rules: new Map(), egressRules: new Map() };
    const policyTests = new Map();
    const formerPublishers = new Map();
    return {
      ...event.data,
      ...empty,
      policyTests,
      formerPublishers,
      version: 1,
      deleted: false,
      quarantinedSince: null,
    };
  }
  if (before === null) throw new StreamOrderError(event.type, 1);
  const version = before.version + 1;
  return { ...before, ...changes(before, event, version, owned), version };
}

type Change = Exclude<NetworkEvent, { readonly type: 'NetworkCreated' }>;

function changes(before: Topology, event: Change, version: number, owned: OwnedMaps | null): Partial<Topology> {
  const { sandboxes, aliases, rules, egressRules, formerPublishers } = before;
  switch (event.type) {
    case 'SandboxAttached': {
      const { sandboxId } = event.data;
      const attached = sandboxSince(sandboxes.get(sandboxId), event.data, version);
      return { sandboxes: having(sandboxes, sandboxId, attached, owned) };
    }
    case 'SandboxDetached':
      return { sandboxes: without(sandboxes, event.data.sandboxId, owned) };
    case 'SandboxPlacementChanged':
    case 'SandboxLabelsChanged': {
      const present = sandboxes.get(event.data.sandboxId);
      if (present === undefined) return {};
      const changed = sandboxSince(present, { ...present, ...event.data }, version);
      return { sandboxes: having(sandboxes, event.data.sandboxId, changed, owned) };
    }
    case 'AliasPublished': {
      const { alias, sandboxId, ports } = event.data;
      const published = sinceOf(aliases.get(alias), { alias, sandboxId, ports }, version);
      return {
        aliases: having(aliases, alias, published, owned),
        formerPublishers: without(formerPublishers, alias, owned),
      };
    }
    case 'AliasPortsChanged': {
      const { alias, ports } = event.data;
      const present = aliases.get(alias);
      if (present === undefined) return {};
      return { aliases: having(aliases, alias, sinceOf(present, { ...present, ports }, version), owned) };
    }
    case 'AliasRemoved': {
      const { alias } = event.data;
      const publisher = aliases.get(alias)?.sandboxId;
      if (publisher === undefined) return {};
      return {
        aliases: without(aliases, alias, owned),
        formerPublishers: having(formerPublishers, alias, publisher, owned),
      };
    }
    case 'PolicyRuleAdded': {
      const { ruleId, effect, to, port, until } = event.data;
      const from = parseSelector(event.data.from, 'from');
      const rule = sinceOf(rules.get(ruleId), { id: ruleId, effect, from, to, port, until }, version);
      return { rules: having(rules, ruleId, rule, owned) };
    }
    case 'PolicyRuleRemoved':
    case 'PolicyRuleExpired':
      return { rules: without(rules, event.data.ruleId, owned) };
    case 'EgressRuleAdded': {
      const { ruleId, from, ...rest } = event.data;
      const rule = { id: ruleId, from: parseSelector(from, 'from'), ...rest };
      return { egressRules: having(egressRules, ruleId, sinceOf(egressRules.get(ruleId), rule, version), owned) };
    }
    case 'EgressRuleRemoved':
    case 'EgressRuleExpired':
      return { egressRules: without(egressRules, event.data.ruleId, owned) };
    case 'PolicyTestAdded': {
      const { testId, from, ...rest } = event.data;
      const test = { id: testId, from: parseSelector(from, 'from'), ...rest };
      const known = before.policyTests.get(testId);
      return { policyTests: having(before.policyTests, testId, sinceOf(known, test, version), owned) };
    }
    case 'PolicyTestRemoved':
      return { policyTests: without(before.policyTests, event.data.testId, owned) };
    case 'PolicyTestsOverridden':
      return {};
    case 'NetworkQuarantined':
      return { quarantinedSince: before.quarantinedSince ?? version };
    case 'NetworkQuarantineLifted':
      return { quarantinedSince: null };
    case 'NetworkDeleted':
      return { deleted: true };
  }
}
