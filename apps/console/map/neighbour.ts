import type { Box } from './layout.js';

/** The box that an arrow key moves to: the nearest in that direction, preferring those straight ahead. */
export function neighbour(boxes: readonly Box[], from: string | null, key: string): Box | null {
  const at = boxes.find(({ id }) => id === from);
  if (at === undefined) return boxes[0] ?? null;
  const isVertical = key === 'ArrowUp' || key === 'ArrowDown';
  const sign = key === 'ArrowDown' || key === 'ArrowRight' ? 1 : -1;
  const along = (box: Box): number => sign * (isVertical ? box.y - at.y : box.x - at.x);
  const across = (box: Box): number => Math.abs(isVertical ? box.x - at.x : box.y - at.y);
  const ahead = boxes.filter((box) => along(box) > 0);
  return ahead.reduce<Box | null>(
    (best, box) => (best === null || along(box) + 3 * across(box) < along(best) + 3 * across(best) ? box : best),
    null,
  );
}
