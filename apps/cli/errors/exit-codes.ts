import { CodedError } from '#libs/contracts/errors.js';
import { ApiError, InterruptedError, TimedOutError, UnreachableError, WrittenNotProvenError } from './errors.js';

/** What scripts read. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  denied: 3,
  unreachable: 4,
  unknown: 5,
  notFound: 6,
  conflict: 7,
  testBroken: 8,
  differs: 9,
  interrupted: 130,
} as const;

/** oclif's own errors carry this shape; a parse error has exit 2. */
function isParserError(error: unknown): boolean {
  return error instanceof Error && 'oclif' in error;
}

/** Of the background node of this machine, and of an export that is not whole. */
const BY_CODE: { readonly [code: string]: number } = {
  NETWORK_NOT_FOUND: EXIT.notFound,
  UNREACHABLE: EXIT.unreachable,
  CERTIFICATE_NOT_TRUSTED: EXIT.unreachable,
  CERTIFICATE_INVALID: EXIT.unreachable,
  NODE_SILENT: EXIT.unknown,
  NODE_ENDED: EXIT.unknown,
  EXPORT_BROKEN: EXIT.internal,
};

export function exitCodeOf(error: unknown): number {
  if (error instanceof WrittenNotProvenError) return error.exitCode;
  if (error instanceof ApiError && error.code === 'POLICY_TEST_BROKEN') return EXIT.testBroken;
  if (error instanceof ApiError) return exitCodeOfStatus(error.status);
  if (error instanceof UnreachableError) return EXIT.unreachable;
  if (error instanceof InterruptedError) return EXIT.interrupted;
  if (error instanceof TimedOutError) return EXIT.unknown;
  if (error instanceof CodedError) return BY_CODE[error.code] ?? EXIT.usage;
  if (isParserError(error)) return EXIT.usage;
  return EXIT.internal;
}

function exitCodeOfStatus(status: number): number {
  if (status === 404) return EXIT.notFound;
  if (status === 412) return EXIT.conflict;
  if (status >= 400 && status < 500) return EXIT.usage;
  if (status === 503) return EXIT.unreachable;
  if (status === 504) return EXIT.unknown;
  return EXIT.internal;
}
