import type { DrawnMap, DrawnPair, PairEffect } from './model.js';

/** A line on the map: one pair, or several pairs between the same frames with the same verdict. */
export interface Line<Drawn extends DrawnPair = DrawnPair> {
  readonly id: string;
  /** A node, or a frame if the line stands for several pairs. */
  readonly from: string;
  readonly to: string;
  readonly effect: PairEffect;
  readonly pairs: readonly Drawn[];
}

/** Above this number, pairs are bundled by agent and verdict. */
const MOST_LINES = 60;

/** The lines to draw. Pairs of the selected node are always drawn individually. */
export function linesOf<Drawn extends DrawnPair>(
  { nodes, pairs }: DrawnMap<Drawn>,
  selected: string | null,
  isCollapsed: boolean,
): readonly Line<Drawn>[] {
  const frameOf = new Map(nodes.map(({ id, frame }) => [id, frame]));
  const isBundled = isCollapsed || pairs.length > MOST_LINES;
  const lines = new Map<string, Line<Drawn>>();
  for (const pair of pairs) {
    const isOwn = !isBundled || (!isCollapsed && (pair.from === selected || pair.to === selected));
    const from = isOwn ? pair.from : frameName(frameOf.get(pair.from) ?? '');
    const to = isOwn ? pair.to : frameName(frameOf.get(pair.to) ?? '');
    const id = isOwn ? pair.id : `${from}~${to}~${pair.effect}`;
    const line = lines.get(id);
    lines.set(id, { id, from, to, effect: pair.effect, pairs: line === undefined ? [pair] : [...line.pairs, pair] });
  }
  return [...lines.values()];
}

/** The name of a frame among nodes. */
export function frameName(frame: string): string {
  return `frame ${frame}`;
}
