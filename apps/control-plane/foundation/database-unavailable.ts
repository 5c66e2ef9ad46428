/**
 * SQLSTATE of connection exceptions (08), operator intervention (57P) and too many connections (PostgreSQL manual,
 * appendix A).
 */
const UNAVAILABLE_SQLSTATE = /^(08[0-9A-Z]{3}|57P0[123]|53300)$/;
const UNAVAILABLE_SYSTEM = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']);
/** Errors of the driver without a code. */
const UNAVAILABLE_TEXT = /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a co)/;

/** Disk full (same appendix). */
const FULL_SQLSTATE = '53100';

/** Whether the database refused something because its disk is full. */
export function isDatabaseFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, driverError } = error as { readonly code?: unknown; readonly driverError?: unknown };
  return code === FULL_SQLSTATE || (driverError !== undefined && driverError !== error && isDatabaseFull(driverError));
}

/** Makes a write that is not important enough to fail a request if the disk is full. */
export async function whereThereIsRoom(write: Promise<unknown>): Promise<void> {
  await write.catch((error: unknown) => {
    if (!isDatabaseFull(error)) throw error;
  });
}

/** Whether the error means that the database cannot be reached, and not that it refused something. */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnavailable);
  const { code, syscall, driverError } = error as {
    readonly code?: unknown;
    readonly syscall?: unknown;
    readonly driverError?: unknown;
  };
  if (typeof code === 'string') {
    if (UNAVAILABLE_SQLSTATE.test(code)) return true;
    // A client that gives up during its request is also ECONNRESET, but without a system call.
    if (UNAVAILABLE_SYSTEM.has(code) && typeof syscall === 'string') return true;
  }
  if (UNAVAILABLE_TEXT.test(error.message)) return true;
  return driverError !== undefined && driverError !== error && isDatabaseUnavailable(driverError);
}
