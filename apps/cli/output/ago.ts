const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
] as const;

/** `3 min ago` */
export function ago(seconds: number): string {
  return `${inWholeUnits(seconds)} ago`;
}

/** `within 14 min`; `now` for a time that has passed. */
export function within(milliseconds: number): string {
  return milliseconds < 1_000 ? 'now' : `within ${inWholeUnits(milliseconds / 1_000)}`;
}

/** In days, hours, minutes or seconds: the largest unit that is at least 1. */
function inWholeUnits(seconds: number): string {
  const unit = UNITS.find((each) => seconds >= each.seconds);
  return unit === undefined ? `${Math.floor(seconds)} s` : `${Math.floor(seconds / unit.seconds)} ${unit.name}`;
}

/** Seconds since a time by this machine's clock; 0 if that clock is behind. */
export function secondsSince(at: string, nowMs: number): number {
  return Math.max(0, nowMs - Date.parse(at)) / 1_000;
}

/** `3 min ago` for a time; null for none. */
export function agoAt(at: string | null, nowMs: number): string | null {
  return at === null ? null : ago(secondsSince(at, nowMs));
}

/** `unknown (joined 3 min ago)`: the current state is unknown, with the last known one. */
export function unknown(was: string, secondsAgo: number): string {
  return `unknown (${was} ${ago(secondsAgo)})`;
}
