/** What there is to tell of a connection that should be cut, in words; null: it is seen to be. */
export function cutLine(end: {
  readonly connectionCut: boolean;
  readonly connectionNotCutReason: string | null;
}): string | null {
  if (end.connectionCut) return null;
  return `its connection to the bus is not known to be cut: ${end.connectionNotCutReason ?? 'no reason given'}`;
}
