/** `2026-01-31 10:00:00Z` */
export function timeText(rfc3339: string): string {
  return `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)}Z`;
}
