import type { NetworkDiff, Reach, Reachability } from '../api/shapes.js';
import { type DrawnMap, type DrawnPair, LOCAL_FRAME, type MapNode, mapModel } from '../map/model.js';

/** What a source gained and lost at one box. Drawn as allowed, denied, or mixed. */
export interface ChangedPair extends DrawnPair {
  readonly gained: readonly Reach[];
  readonly lost: readonly Reach[];
}

export const OUTSIDE_FRAME = 'names outside';
export const NOT_HERE_FRAME = 'not in it now';

/**
 * The pairs for the map of a difference. Boxes stand where their sandboxes are now; an alias that nobody publishes now
 * has a box of its own.
 */
export function diffMap(
  { gained, lost }: Pick<NetworkDiff, 'gained' | 'lost'>,
  now: Reachability,
): DrawnMap<ChangedPair> {
  const sandboxOf = new Map(now.aliases.map(({ alias, sandboxId }) => [alias, sandboxId]));
  const known = new Map(mapModel(now, undefined).nodes.map((node) => [node.id, node]));
  const target = ({ alias }: Reach): string => {
    const sandbox = sandboxOf.get(alias);
    if (sandbox !== undefined) return `sandbox:${sandbox}`;
    return alias.includes('.') ? `outside:${alias}` : `alias:${alias}`;
  };
  const pairs = new Map<string, ChangedPair>();
  const add = (reach: Reach, change: 'gained' | 'lost'): void => {
    const [from, to] = [reach.from, target(reach)];
    const id = `${from}~${to}`;
    const pair = pairs.get(id) ?? {
      id,
      from,
      to,
      effect: change === 'gained' ? 'allow' : 'deny',
      gained: [],
      lost: [],
    };
    const more = { ...pair, [change]: [...pair[change], reach] };
    pairs.set(id, { ...more, effect: more.gained.length > 0 && more.lost.length > 0 ? 'mixed' : pair.effect });
  };
  for (const reach of gained) add(reach, 'gained');
  for (const reach of lost) add(reach, 'lost');
  const ids = new Set([...pairs.values()].flatMap(({ from, to }) => [from, to]));
  const nodes = [...ids].map((id) => known.get(id) ?? nodeOf(id));
  return { nodes: nodes.sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1)), pairs: [...pairs.values()] };
}

const sortKey = ({ frame, subtitle, id }: MapNode): string => `${frame} ${subtitle === '' ? '~' : subtitle} ${id}`;

/** A box for what the present network does not have. */
function nodeOf(id: string): MapNode {
  const [kind = '', ...rest] = id.split(':');
  const title = kind === 'local' ? id : rest.join(':');
  const frame = kind === 'local' ? LOCAL_FRAME : kind === 'outside' ? OUTSIDE_FRAME : NOT_HERE_FRAME;
  return { id, title, subtitle: '', frame, selectors: [title] };
}

/** `1 gained, 2 lost` at the end of a line. */
export function changeText(pairs: readonly ChangedPair[]): string {
  const count = (of: 'gained' | 'lost'): number => pairs.reduce((sum, pair) => sum + pair[of].length, 0);
  const words = (['gained', 'lost'] as const).flatMap((of) => {
    const found = count(of);
    return found === 0 ? [] : [found === 1 ? of : `${found} ${of}`];
  });
  return count('gained') > 0 && count('lost') > 0 ? `${count('gained')} gained, ${count('lost')} lost` : words.join('');
}
