import type { KeyboardEvent } from 'react';
import type { Line } from './bundles.js';
import type { Layout } from './layout.js';
import { neighbour } from './neighbour.js';

export interface Walked {
  readonly layout: Layout;
  readonly lines: readonly Line[];
  readonly selected: string | null;
  readonly line: string | null;
  readonly select: (node: string) => void;
  readonly look: (line: Line | null) => void;
  readonly hold: (line: Line) => void;
  readonly release: () => void;
  readonly showTable: () => void;
}

/**
 * Arrow keys move between boxes, `e` steps through a box's lines, Enter selects a line, Escape clears the selection,
 * `t` switches to the table.
 */
export function walk(event: KeyboardEvent, walked: Walked): void {
  const next = targetOf(event.key, walked);
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  next();
}

function targetOf(key: string, walked: Walked): (() => void) | undefined {
  const { layout, lines, selected, line } = walked;
  switch (key) {
    case 'ArrowUp':
    case 'ArrowDown':
    case 'ArrowLeft':
    case 'ArrowRight': {
      const to = neighbour(layout.nodes, selected, key);
      return to === null ? undefined : () => walked.select(to.id);
    }
    case 'e': {
      const own = lines.filter(({ from, to }) => from === selected || to === selected);
      const next = own[(own.findIndex(({ id }) => id === line) + 1) % own.length];
      return next === undefined ? undefined : () => walked.look(next);
    }
    case 'Enter': {
      const held = lines.find(({ id }) => id === line);
      return held === undefined ? undefined : () => walked.hold(held);
    }
    case 'Escape':
      return walked.release;
    case 't':
      return walked.showTable;
    default:
      return undefined;
  }
}
