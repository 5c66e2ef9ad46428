import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import { runGo } from './go-program.js';

const run = promisify(execFile);

const MODULE = 'github.com/nats-io/nats-server/v2@v2.15.2';
const OLDEST: readonly [number, number] = [2, 11];

export class NatsServerMissingError extends CodedError {}

/**
 * A nats-server of at least 2.11: from PATH, or built earlier, or built now with Go into the cache folder. Error:
 * NatsServerMissingError, which says what to install.
 */
export async function obtainNatsServer(cacheFolder: string, say: (line: string) => void): Promise<string> {
  const onPath = await versionOf('nats-server');
  if (onPath !== null && isNewEnough(onPath)) return 'nats-server';
  const built = join(cacheFolder, 'bin', 'nats-server');
  if (existsSync(built)) return built;
  const found = onPath === null ? 'none on PATH' : `${onPath} on PATH is older than ${OLDEST.join('.')}`;
  say(`nats-server: ${found}; building it with Go, once (about a minute)`);
  mkdirSync(join(cacheFolder, 'bin'), { recursive: true });
  try {
    await runGo(['install', MODULE], { GOBIN: join(cacheFolder, 'bin') });
  } catch (error) {
    throw new NatsServerMissingError(
      'NATS_SERVER_MISSING',
      `no usable nats-server (${found}) and it could not be built: ${error instanceof Error ? error.message : String(error)}`,
      `install nats-server ${OLDEST.join('.')} or newer on PATH, or Go 1.26 or newer, and start again`,
    );
  }
  return built;
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

async function versionOf(command: string): Promise<string | null> {
  try {
    const { stdout } = await run(command, ['--version']);
    return /v(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}
