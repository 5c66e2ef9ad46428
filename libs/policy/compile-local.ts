import type { AliasName, UserName } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import { snapshotHead } from './compile.js';
import { evaluateSource } from './evaluate.js';
import type { Snapshot, Topology } from './model.js';
import { sortedBy } from './order.js';
import { BEFORE_ANY_END } from './rule-ends.js';
import { selectorsFor } from './selector-match.js';
import { aliasElement } from './snapshot-elements.js';

/**
 * What a developer's machine needs of one network at this version: the aliases and ports that its user may reach, the
 * sandbox and agent behind each, and the rules that allow it. Nothing else of the network is in it: not who else is
 * attached, no label, no rule about others. A deleted or quarantined network gives a snapshot that tells the node to
 * let go. A version is the same at any time: rules that end are in it with their ends.
 */
export function compileForLocalNode(topology: Topology, user: UserName): Snapshot {
  const ofUsers = compiled.get(topology) ?? new Map<UserName, Snapshot>();
  const snapshot = ofUsers.get(user) ?? compileAnew(topology, user);
  compiled.set(topology, ofUsers.set(user, snapshot));
  return snapshot;
}

/** A node is compared with it at each heartbeat. */
const compiled = new WeakMap<Topology, Map<UserName, Snapshot>>();

function compileAnew(topology: Topology, user: UserName): Snapshot {
  if (topology.deleted || topology.quarantinedSince !== null) {
    return { ...snapshotHead(topology, false), sandboxes: [], aliases: [], rules: [] };
  }

  const source = { kind: 'local', user } as const;
  const mayReach = (alias: AliasName, port: number) =>
    evaluateSource(topology, source, alias, port, BEFORE_ANY_END).effect === 'allow';
  const aliases = sortedBy(topology.aliases.values(), ({ alias }) => alias)
    .map((record) => {
      const ports = record.ports.filter(({ published }) => mayReach(record.alias, published));
      return aliasElement({ ...record, ports });
    })
    .filter(({ ports }) => ports.length > 0);

  const targets = new Set(aliases.map(({ sandboxId }) => sandboxId));
  const reachable = new Set(
    aliases.flatMap(({ alias, ports }) => ports.map(({ published }) => `${alias} ${published}`)),
  );
  const selectors = selectorsFor(topology, source);
  return {
    ...snapshotHead(topology, true),
    sandboxes: sortedBy(topology.sandboxes.values(), ({ sandboxId }) => sandboxId)
      .filter(({ sandboxId }) => targets.has(sandboxId))
      .map(({ sandboxId, agentId }) => ({ sandboxId, agentId, labels: {} })),
    aliases,
    rules: sortedBy(topology.rules.values(), ({ id }) => id)
      .map(printRule)
      .filter(({ from, to, port }) => selectors.has(from) && reachable.has(`${to} ${port}`)),
  };
}
