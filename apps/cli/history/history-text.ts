import type { PastChangeDto, PastVersionDto } from '#libs/api-client/generated/index.js';
import { timeText } from '../output/time-text.js';

/** `version 14, since 2026-01-31 10:00:00Z` */
export function versionText({ version, since, until }: PastVersionDto): string {
  if (since === null) return 'before the network was created';
  if (until === null) return `version ${version}, since ${timeText(since)}`;
  return `version ${version}, from ${timeText(since)} to ${timeText(until)}`;
}

/** `version 16 by user:ada at 2026-01-31 10:00:00Z` */
export function madeText({ version, actor, at }: PastChangeDto): string {
  return `version ${version} by ${actor} at ${timeText(at)}`;
}

export const changeColumns = [
  { heading: 'VERSION', cell: ({ version }: PastChangeDto) => version },
  { heading: 'TIME', cell: ({ at }: PastChangeDto) => timeText(at) },
  { heading: 'BY', cell: ({ actor }: PastChangeDto) => actor },
  { heading: 'CHANGE', cell: ({ summary }: PastChangeDto) => summary },
] as const;
