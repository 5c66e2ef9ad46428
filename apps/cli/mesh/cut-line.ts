/** What to report about a connection that should be cut; null: it is known to be cut. */
export function cutLine(end: {
  readonly connectionCut: boolean;
  readonly connectionNotCutReason: string | null;
}): string | null {
  if (end.connectionCut) return null;
  return `its connection to the bus may still be open: ${end.connectionNotCutReason ?? 'no reason given'}`;
}
