import { frameName, type Line } from './bundles.js';
import type { MapNode } from './model.js';

export interface Box {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Frame extends Box {
  readonly title: string;
  readonly count: number;
}

export interface Layout {
  readonly frames: readonly Frame[];
  readonly nodes: readonly Box[];
}

export const NODE = { width: 168, height: 40 };
const GAP = 10;
const PADDING = 12;
const HEAD = 34;
/** Nodes in one column of a frame; further ones go to the next column. */
const MOST_IN_COLUMN = 12;
const FRAME_GAP = { x: 116, y: 56 };
const FRAMES_IN_ROW = 3;

/**
 * A frame for each agent, with its members in columns. Depends only on names and takes linear time, so a change moves
 * nothing else (docs/adr/0054).
 */
export function layoutOf(nodes: readonly MapNode[], isCollapsed: boolean): Layout {
  const members = new Map<string, MapNode[]>();
  for (const node of nodes) members.set(node.frame, [...(members.get(node.frame) ?? []), node]);
  const frames: Frame[] = [];
  const boxes: Box[] = [];
  let [x, y, rowHeight] = [0, 0, 0];
  [...members].forEach(([title, inside], place) => {
    if (place > 0 && place % FRAMES_IN_ROW === 0) {
      y += rowHeight + FRAME_GAP.y;
      [x, rowHeight] = [0, 0];
    }
    const columns = isCollapsed ? 1 : Math.ceil(inside.length / MOST_IN_COLUMN);
    const rows = isCollapsed ? 0 : Math.min(inside.length, MOST_IN_COLUMN);
    const width = 2 * PADDING + columns * NODE.width + (columns - 1) * GAP;
    const height = HEAD + PADDING + rows * (NODE.height + GAP);
    frames.push({ id: frameName(title), title, count: inside.length, x, y, width, height });
    if (!isCollapsed) {
      inside.forEach(({ id }, index) => {
        boxes.push({
          id,
          x: x + PADDING + Math.floor(index / MOST_IN_COLUMN) * (NODE.width + GAP),
          y: y + HEAD + (index % MOST_IN_COLUMN) * (NODE.height + GAP),
          ...NODE,
        });
      });
    }
    x += width + FRAME_GAP.x;
    rowHeight = Math.max(rowHeight, height);
  });
  return { frames, nodes: boxes };
}

export interface Route {
  readonly line: Line;
  readonly path: string;
  /** The end of the line, and its direction there: 1 to the right, -1 to the left. */
  readonly end: { readonly x: number; readonly y: number; readonly direction: 1 | -1 };
}

/** Curves from box to box. Lines that end at the same side of a box are spread over its height. */
export function routesOf(lines: readonly Line[], { frames, nodes }: Layout): readonly Route[] {
  const boxes = new Map<string, Box>([...frames, ...nodes].map((box) => [box.id, box]));
  const ends = lines.flatMap((line) => {
    const [from, to] = [boxes.get(line.from), boxes.get(line.to)];
    return from === undefined || to === undefined ? [] : [{ line, from, to, ...sidesOf(from, to) }];
  });
  const places = new Places();
  for (const { line, from, to, out, into } of ends) {
    places.add(from, out, `${line.id} out`, to.y);
    places.add(to, into, `${line.id} in`, from.y);
  }
  return ends.map(({ line, from, to, out, into }) => {
    const start = { x: sideX(from, out), y: places.y(from, out, `${line.id} out`) };
    const end = { x: sideX(to, into), y: places.y(to, into, `${line.id} in`) };
    const bend = Math.max(36, Math.abs(end.x - start.x) / 2);
    const [outward, inward] = [out === 'right' ? bend : -bend, into === 'right' ? bend : -bend];
    const path = `M${start.x} ${start.y} C${start.x + outward} ${start.y} ${end.x + inward} ${end.y} ${end.x} ${end.y}`;
    return { line, path, end: { ...end, direction: into === 'left' ? 1 : -1 } };
  });
}

type Side = 'left' | 'right';

function sidesOf(from: Box, to: Box): { readonly out: Side; readonly into: Side } {
  if (to.x >= from.x + from.width) return { out: 'right', into: 'left' };
  if (to.x + to.width <= from.x) return { out: 'left', into: 'right' };
  return { out: 'right', into: 'right' };
}

function sideX(box: Box, side: Side): number {
  return side === 'left' ? box.x : box.x + box.width;
}

/** The lines at each side of a box, ordered by the position of their other end. */
class Places {
  private readonly sides = new Map<string, { readonly end: string; readonly order: number }[]>();

  add(box: Box, side: Side, end: string, order: number): void {
    const key = `${box.id} ${side}`;
    const ends = this.sides.get(key) ?? [];
    this.sides.set(key, ends);
    const at = ends.findIndex((each) => each.order > order);
    ends.splice(at < 0 ? ends.length : at, 0, { end, order });
  }

  y(box: Box, side: Side, end: string): number {
    const ends = this.sides.get(`${box.id} ${side}`) ?? [];
    const place = ends.findIndex((each) => each.end === end);
    return Math.round(box.y + (box.height * (place + 1)) / (ends.length + 1));
  }
}
