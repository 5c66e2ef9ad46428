import { execFile } from 'node:child_process';
import { CodedError } from '#libs/contracts/errors.js';

const BUILD_TIMEOUT_MS = 20 * 60_000;

/** Go could not build a program. */
export class GoBuildError extends CodedError {}

/** Whether Go is installed. */
export function hasGo(): Promise<boolean> {
  return new Promise((resolve) => {
    execFile('go', ['version'], (error) => resolve(error === null));
  });
}

/** Runs `go` with these arguments, in the given folder. Error: GoBuildError with the beginning of Go's output. */
export function runGo(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  cwd?: string,
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, CGO_ENABLED: '0', ...environment };
    execFile('go', [...args], { env, timeout: BUILD_TIMEOUT_MS, cwd, signal }, (error, _stdout, stderr) => {
      if (error === null) return resolve();
      const missing = error.code === 'ENOENT';
      const words = missing ? 'Go is not installed' : (stderr.trim() || error.message).split('\n')[0];
      reject(new GoBuildError(missing ? 'GO_MISSING' : 'GO_BUILD_FAILED', words ?? error.message));
    });
  });
}
