import type { UnreadableDto } from '#libs/api-client/generated/index.js';

/** From which version on a stream cannot be read and why, and what to do. */
export function unreadableLines(what: string, unreadable: UnreadableDto | null): readonly string[] {
  if (unreadable === null) return [];
  const { position, version, message, remedy } = unreadable;
  const where = `${what} cannot be read from version ${version} on (position ${position} of the log)`;
  return [`${where}: ${message} (STREAM_UNREADABLE)`, ...(remedy === null ? [] : [`next: ${remedy}`])];
}
