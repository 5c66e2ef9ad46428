import type { Edge, FlowPair, Reachability } from '../api/shapes.js';

export type PairEffect = 'allow' | 'deny' | 'mixed';

/** A box on the map: a sandbox, or developers' machines as rules name them. */
export interface MapNode {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  /** Its agent; null: none, or a local node. */
  readonly frame: string;
  readonly selectors: readonly string[];
}

/** Two boxes and what is drawn between them. */
export interface DrawnPair {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly effect: PairEffect;
}

/** A source and a sandbox about which a rule decides. */
export interface Pair extends DrawnPair {
  readonly targets: readonly Edge[];
  readonly open: number | null;
}

export interface DrawnMap<Drawn extends DrawnPair> {
  readonly nodes: readonly MapNode[];
  readonly pairs: readonly Drawn[];
}

export interface MapModel extends DrawnMap<Pair> {
  readonly version: number;
}

export const LOCAL_FRAME = 'local nodes, apart';
export const NO_AGENT_FRAME = 'on no agent';

/** The pairs for the map, its table and its panel. Sorted by alias, then id, so live updates move nothing. */
export function mapModel(reachability: Reachability, flows: readonly FlowPair[] | undefined): MapModel {
  const publishes = new Map<string, Reachability['aliases'][number][]>();
  for (const alias of reachability.aliases) {
    publishes.set(alias.sandboxId, [...(publishes.get(alias.sandboxId) ?? []), alias]);
  }
  const sandboxOf = new Map(reachability.aliases.map(({ alias, sandboxId }) => [alias, sandboxId]));
  const sandboxes = reachability.sandboxes.map(({ sandboxId, agentId, labels }): MapNode => {
    const aliases = publishes.get(sandboxId) ?? [];
    const labelled = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const published = aliases.map(({ alias, ports }) => `${alias} ${ports.map((port) => port.published).join(' ')}`);
    return {
      id: `sandbox:${sandboxId}`,
      title: sandboxId,
      subtitle: (published.length > 0 ? published : labelled).join(', '),
      frame: agentId ?? NO_AGENT_FRAME,
      selectors: [
        sandboxId,
        agentId ?? '',
        ...aliases.map(({ alias }) => alias),
        ...labelled.map((label) => `label:${label}`),
      ],
    };
  });
  const locals = [...new Set(reachability.edges.map(({ from }) => from).filter((from) => /^local(:|$)/.test(from)))];
  const localNodes = locals.map(
    (from): MapNode => ({ id: from, title: from, subtitle: '', frame: LOCAL_FRAME, selectors: [from] }),
  );
  const nodes = [...sandboxes, ...localNodes].sort(
    (a, b) =>
      compare(a.frame, b.frame) ||
      compare(a.subtitle === '' ? '~' : a.subtitle, b.subtitle === '' ? '~' : b.subtitle) ||
      compare(a.id, b.id),
  );
  return { version: reachability.version, nodes, pairs: pairsOf(reachability.edges, sandboxOf, flows) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function pairsOf(
  edges: readonly Edge[],
  sandboxOf: ReadonlyMap<string, string>,
  flows: readonly FlowPair[] | undefined,
): readonly Pair[] {
  const groups = new Map<string, Edge[]>();
  for (const edge of edges) {
    const target = sandboxOf.get(edge.alias);
    if (target === undefined) continue;
    const key = `${edge.from}~sandbox:${target}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [edge]);
    else group.push(edge);
  }
  return [...groups].map(([id, targets]) => {
    const [from = '', to = ''] = id.split('~');
    const open =
      flows === undefined
        ? null
        : flows
            .filter(
              (flow) =>
                flow.from === from && targets.some(({ alias, port }) => alias === flow.alias && port === flow.port),
            )
            .reduce((sum, flow) => sum + flow.open, 0);
    return { id, from, to, effect: effectOf(targets), targets, open };
  });
}

function effectOf(edges: readonly Edge[]): PairEffect {
  const effects = new Set(edges.map(({ effect }) => effect));
  if (effects.size > 1) return 'mixed';
  return effects.has('allow') ? 'allow' : 'deny';
}

/** The pairs and nodes that match a filter, with the pairs' other ends. An empty filter matches everything. */
export function filtered<Drawn extends DrawnPair>(map: DrawnMap<Drawn>, q: string): DrawnMap<Drawn> {
  if (q.trim() === '') return map;
  const words = q.split(/[\s,]+/).filter((word) => word !== '');
  const found = new Set(
    map.nodes
      .filter(({ selectors }) => words.some((word) => selectors.some((each) => each.includes(word))))
      .map(({ id }) => id),
  );
  const pairs = map.pairs.filter(({ from, to }) => found.has(from) || found.has(to));
  const shown = new Set([...found, ...pairs.flatMap(({ from, to }) => [from, to])]);
  return { nodes: map.nodes.filter(({ id }) => shown.has(id)), pairs };
}

/** `postgres:5432, postgres:9187` of a pair. */
export function targetsText(targets: readonly Pick<Edge, 'alias' | 'port'>[]): string {
  return targets.map(({ alias, port }) => `${alias}:${port}`).join(', ');
}

const RANK: { readonly [effect in PairEffect]: number } = { deny: 0, mixed: 1, allow: 2 };

/** Pairs with a deny come first. */
export function byInterest(pairs: readonly Pair[]): readonly Pair[] {
  return [...pairs].sort((a, b) => RANK[a.effect] - RANK[b.effect] || compare(a.id, b.id));
}
