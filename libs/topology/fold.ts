import { CodedError } from '#libs/contracts/errors.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkEvent } from '#libs/domain/events.js';
import type { Topology } from './model.js';

/** The stream does not begin with NetworkCreated, or has a second one: it was not written by the deciders. */
export class StreamOrderError extends CodedError {
  constructor(type: string, version: number) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot stand at version ${version} of a network stream`,
      'run gstacks audit verify: the log may be damaged',
    );
  }
}

/**
 * The topology after one more event of its stream. The argument is left as it was, and maps that the event does not
 * touch are shared with the result. Every event, known or not to change anything, raises the version by one, so that
 * the version is the stream version. Throws StreamOrderError.
 */
export function fold(topology: Topology | null, event: NetworkEvent): Topology {
  return step(topology, event, new Set());
}

/** As `fold` for each event in turn, with each map copied once at most: a replay costs what its events change. */
export function foldAll(topology: Topology | null, events: Iterable<NetworkEvent>): Topology | null {
  const owned: OwnedMaps = new Set();
  let folded = topology;
  for (const event of events) folded = step(folded, event, owned);
  return folded;
}

/** Maps made during this fold, which may be written; all others belong to somebody else. */
type OwnedMaps = Set<ReadonlyMap<unknown, unknown>>;

function writable<Key, Value>(map: ReadonlyMap<Key, Value>, owned: OwnedMaps): Map<Key, Value> {
  if (owned.has(map)) return map as Map<Key, Value>;
  const copy = new Map(map);
  owned.add(copy);
  return copy;
}

function step(before: Topology | null, event: NetworkEvent, owned: OwnedMaps): Topology {
  if (event.type === 'NetworkCreated') {
    if (before !== null) throw new StreamOrderError(event.type, before.version + 1);
    const empty = { sandboxes: new Map(), aliases: new Map(), rules: new Map(), formerPublishers: new Map() };
    return { ...event.data, ...empty, version: 1, deleted: false };
  }
  if (before === null) throw new StreamOrderError(event.type, 1);
  return { ...before, ...changes(before, event, owned), version: before.version + 1 };
}

type Change = Exclude<NetworkEvent, { readonly type: 'NetworkCreated' }>;

function changes(before: Topology, event: Change, owned: OwnedMaps): Partial<Topology> {
  switch (event.type) {
    case 'SandboxAttached':
      return { sandboxes: writable(before.sandboxes, owned).set(event.data.sandboxId, { ...event.data }) };
    case 'SandboxDetached':
      return { sandboxes: without(before.sandboxes, event.data.sandboxId, owned) };
    case 'SandboxPlacementChanged':
    case 'SandboxLabelsChanged':
      return { sandboxes: updated(before.sandboxes, event.data.sandboxId, event.data, owned) };
    case 'AliasPublished':
      return {
        aliases: writable(before.aliases, owned).set(event.data.alias, { ...event.data }),
        formerPublishers: without(before.formerPublishers, event.data.alias, owned),
      };
    case 'AliasPortsChanged':
      return { aliases: updated(before.aliases, event.data.alias, { ports: event.data.ports }, owned) };
    case 'AliasRemoved': {
      const publisher = before.aliases.get(event.data.alias)?.sandboxId;
      if (publisher === undefined) return {};
      return {
        aliases: without(before.aliases, event.data.alias, owned),
        formerPublishers: writable(before.formerPublishers, owned).set(event.data.alias, publisher),
      };
    }
    case 'PolicyRuleAdded': {
      const { ruleId, effect, to, port } = event.data;
      const from = parseSelector(event.data.from, 'from');
      return { rules: writable(before.rules, owned).set(ruleId, { id: ruleId, effect, from, to, port }) };
    }
    case 'PolicyRuleRemoved':
      return { rules: without(before.rules, event.data.ruleId, owned) };
    case 'NetworkDeleted':
      return { deleted: true };
  }
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, owned: OwnedMaps): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map;
  if (!map.has(key)) return map;
  const copy = writable(map, owned);
  copy.delete(key);
  return copy;
}

function updated<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  change: Partial<Value>,
  owned: OwnedMaps,
): ReadonlyMap<Key, Value> {
  const value = map.get(key);
  return value === undefined ? map : writable(map, owned).set(key, { ...value, ...change });
}
