import type { CheckCode } from '#libs/contracts/bus/checks.js';
import { pad, width } from '../output/wrap.js';
import { type AskedEnd, codesOf } from './asked-ends.js';

export interface Matrix {
  readonly lines: readonly string[];
  /** Columns without room: without a problem, or without an answer. */
  readonly leftOut: readonly AskedEnd[];
}

const LABELS: Readonly<Record<Exclude<CheckCode, 'TOPOLOGY_APPLIED'>, string>> = {
  MESH_JOINED: 'mesh joined',
  DNS_LOADED: 'names',
  ROUTE_PRESENT: 'route',
  POLICY: 'policy',
  USES_AGENT_DNS: 'asks agent DNS',
  PEER_REACHED: 'peer reached',
  NAME_RESOLVES: 'name resolves',
  TARGET_ACCEPTS: 'target accepts',
  ISOLATED: 'isolated',
};
const INDENT = '  ';
const GAP = '   ';
/** Up to this number are stacked instead of leaving any out. */
const MOST_STACKED = 3;

/**
 * One line per check and one column per agent or local node. Columns that do not fit beside each other are stacked: the
 * target, and those with a problem. Of the others, as many as fit are shown.
 */
export function checkMatrix(ends: readonly AskedEnd[], version: number, most: number): Matrix {
  const labelOf = (code: CheckCode) => (code === 'TOPOLOGY_APPLIED' ? `version ${version}` : LABELS[code]);
  const labelWidth = Math.max(0, ...codesOf(ends).map((code) => width(labelOf(code))));
  const room = most - INDENT.length - labelWidth;
  const shown = chosen(ends, room);
  const labels = codesOf(shown).map((code) => [code, labelOf(code)] as const);
  return {
    lines: inBlocks(shown, room).flatMap((block) => blockLines(block, labels, labelWidth, room)),
    leftOut: ends.filter((end) => !shown.includes(end)),
  };
}

function columnWidth({ heading, cells }: AskedEnd): number {
  return Math.max(width(heading), ...[...cells.values()].map(width));
}

function fits(ends: readonly AskedEnd[], room: number): boolean {
  return ends.reduce((sum, end) => sum + GAP.length + columnWidth(end), 0) <= room;
}

function chosen(ends: readonly AskedEnd[], room: number): readonly AskedEnd[] {
  if (fits(ends, room) || ends.length <= MOST_STACKED) return ends;
  const shown = new Set(ends.filter(({ isTarget, standing }) => isTarget || standing === 'problem'));
  for (const end of ends) if (shown.size === 0 || fits([...shown, end], room)) shown.add(end);
  return ends.filter((end) => shown.has(end));
}

/** As many columns beside each other as fit. */
function inBlocks(ends: readonly AskedEnd[], room: number): readonly (readonly AskedEnd[])[] {
  const blocks: AskedEnd[][] = [];
  for (const end of ends) {
    const last = blocks.at(-1);
    if (last !== undefined && fits([...last, end], room)) last.push(end);
    else blocks.push([end]);
  }
  return blocks;
}

function blockLines(
  block: readonly AskedEnd[],
  labels: readonly (readonly [CheckCode, string])[],
  labelWidth: number,
  room: number,
): readonly string[] {
  const line = (label: string, cells: readonly string[]) =>
    [INDENT + pad(label, labelWidth), ...cells].join(GAP).trimEnd();
  // A name that is too wide beside the labels is put above them.
  const isAbove = !fits(block, room);
  const padded = (text: string, end: AskedEnd) => (isAbove ? text : pad(text, columnWidth(end)));
  const headings = block.map((end) => padded(end.heading, end));
  return [
    isAbove ? INDENT + headings.join(GAP) : line('', headings),
    ...labels.map(([code, label]) =>
      line(
        label,
        block.map((end) => padded(end.cells.get(code) ?? '-', end)),
      ),
    ),
  ];
}
