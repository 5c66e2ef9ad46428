import type { ReachedDto } from '#libs/api-client/generated/index.js';
import type { Screen } from '../output/screen.js';

interface ReachabilityChange {
  readonly gained: readonly ReachedDto[];
  readonly gainedLeftOut: number;
  readonly lost: readonly ReachedDto[];
  readonly lostLeftOut: number;
}

/** Who may reach what afterwards, and before; one line each. */
export function showReachability(
  screen: Screen,
  { gained, gainedLeftOut, lost, lostLeftOut }: ReachabilityChange,
  whenSame: string,
): void {
  if (gained.length + lost.length === 0) screen.line(whenSame);
  for (const each of gained) screen.line(`+ allow  ${reachedText(each)}`, 'good');
  if (gainedLeftOut > 0) screen.line(`+ and ${gainedLeftOut} more`, 'good');
  for (const each of lost) screen.line(`- deny   ${reachedText(each)}`, 'bad');
  if (lostLeftOut > 0) screen.line(`- and ${lostLeftOut} more`, 'bad');
}

/** `changed 2: version 12 of dev`, and each change. */
export function showChanges(
  screen: Screen,
  headline: string,
  { count, changes }: { readonly count: number; readonly changes: readonly string[] },
): void {
  screen.line(headline);
  for (const change of changes) screen.line(`  ${change}`);
  if (count > changes.length) screen.line(`  and ${count - changes.length} more`, 'quiet');
}

function reachedText({ from, alias, port }: ReachedDto): string {
  return `${from} -> ${alias}:${port}`;
}
