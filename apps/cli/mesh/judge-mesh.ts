import type { MeshDiagnosisDto } from '#libs/api-client/generated/index.js';
import { EXIT } from '../errors/exit-codes.js';

type Check = Pick<MeshDiagnosisDto['checks'][number], 'status' | 'cause'>;

const UNREACHABLE = /_(UNREACHABLE|TIMED_OUT)$/;

/** The first failed check, otherwise the first unknown one. */
export function firstProblem<T extends Check>(checks: readonly T[]): T | null {
  return checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null;
}

/** The exit code of a diagnosis of the mesh: that of its first problem. Skipped checks never count. */
export function judgeMesh(checks: readonly Check[]): number {
  const problem = firstProblem(checks);
  if (problem === null) return EXIT.ok;
  if (problem.status === 'unknown') return EXIT.unknown;
  return UNREACHABLE.test(problem.cause ?? '') ? EXIT.unreachable : EXIT.internal;
}
