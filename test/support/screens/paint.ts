import { Screen } from '#apps/cli/output/screen.js';

/** Terminal widths for which each picture is kept. */
export const WIDTHS = [60, 80, 120, 200] as const;

/** The time of every picture. */
export const NOW_MS = Date.UTC(2026, 0, 2, 12, 30, 0);
export const secondsAgo = (seconds: number) => new Date(NOW_MS - seconds * 1_000).toISOString();
export const inSeconds = (seconds: number) => secondsAgo(-seconds);
/** The longest name that there is. */
export const long = (start: string) =>
  `${start}-of-the-warehouse-in-the-north-of-the-country-of-the-customer`.slice(0, 63).replace(/-$/, 'x');

export type Paint = (screen: Screen) => void;
/** A picture with its name. */
export type Picture = readonly [string, Paint];

export const epoch = { id: 'epoch-1', counter: 1 };

/** A command's output on a terminal of this width; null: not a terminal. */
export function painted(paint: Paint, width: number | null, isVerbose = false): string {
  const lines: string[] = [];
  const paper = { hasColour: false, width: width ?? Number.POSITIVE_INFINITY, isVerbose };
  paint(new Screen((text) => lines.push(text), paper));
  return lines.join('');
}
