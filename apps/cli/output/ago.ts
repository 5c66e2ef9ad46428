const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
] as const;

/** `3 min ago`: in the largest unit of which there is a whole one. */
export function ago(seconds: number): string {
  const unit = UNITS.find((each) => seconds >= each.seconds);
  return unit === undefined ? `${Math.floor(seconds)} s ago` : `${Math.floor(seconds / unit.seconds)} ${unit.name} ago`;
}

/** `unknown (joined 3 min ago)`: what is not known now, and what it was when it was. */
export function unknown(was: string, secondsAgo: number): string {
  return `unknown (${was} ${ago(secondsAgo)})`;
}
