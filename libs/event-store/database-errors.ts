/** SQLSTATE, PostgreSQL manual, appendix A. */
export const DISK_FULL = '53100';

/**
 * Whether the database rather than the statement is the cause: connection lost, server starting, stopping or crashed
 * (SQLSTATE classes 08, 57P, 53), a transaction to be repeated (40), or a timeout (25P03, 55P03, 57014). JavaScript's
 * own errors are bugs of ours.
 */
export function isTransient(error: unknown): boolean {
  const code = sqlState(error);
  if (code !== null) return /^(08|57P|53|40|25P03|55P03|57014)/.test(code);
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
}

/**
 * Whether the database refused a statement because its disk is full (53100). Then nothing was written. A server without
 * room for its WAL crashes instead (PANIC), and whether it wrote is unknown.
 */
export function isDiskFull(error: unknown): boolean {
  return sqlState(error) === DISK_FULL && error instanceof Error && 'severity' in error && error.severity === 'ERROR';
}

/** The five characters of SQLSTATE; null: the error is not the server's. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null;
  return 'severity' in error && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : null;
}
