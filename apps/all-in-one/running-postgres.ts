import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type PostgresSettings, type PreparedPostgres, preparePostgres } from './postgres.js';
import { PostgresUnavailableError } from './postgres-binaries.js';

const START_TIMEOUT_MS = 30_000;
const RETRY_MS = 50;
const KEPT_OUTPUT = 2_000;
/** After a crash, the server refuses to start until the last of its old processes has ended. */
const OLD_PROCESSES_REMAIN = /is still in use|lock file "postmaster.pid" already exists/;

/** A running server without a supervisor. */
export interface RunningPostgres {
  readonly url: (database: string) => string;
  readonly pid: () => number;
  /** SIGKILL, like a crash. */
  readonly kill: () => Promise<void>;
  /** Starts the server again after kill. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Prepares and starts a server; resolves once it accepts connections. Errors: PostgresUnavailableError. */
export async function startPostgres(settings: PostgresSettings): Promise<RunningPostgres> {
  const prepared = await preparePostgres(settings);
  let child: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const killWithParent = (): void => {
    child?.kill('SIGQUIT');
  };
  const start = async (): Promise<void> => {
    const deadline = performance.now() + START_TIMEOUT_MS;
    for (;;) {
      const launched = launch(prepared);
      child = launched.child;
      if (await launched.ready) return;
      if (performance.now() > deadline || !OLD_PROCESSES_REMAIN.test(launched.lastWords())) {
        await end('SIGKILL');
        throw new PostgresUnavailableError(
          'POSTGRES_NOT_STARTED',
          `Postgres did not start on port ${settings.port}: ${launched.lastWords()}`,
          'free the port, or choose another one',
        );
      }
      await pause(RETRY_MS);
    }
  };
  process.once('exit', killWithParent);
  await start();
  return {
    url: prepared.url,
    pid: () => child?.pid ?? 0,
    kill: () => end('SIGKILL'),
    start,
    stop: async () => {
      process.off('exit', killWithParent);
      await end(prepared.stopSignal);
    },
  };
}

function launch({ command, args, user, env, isReady }: PreparedPostgres) {
  let output = '';
  const child = spawn(command, [...args], {
    cwd: '/',
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    ...user,
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  const ready = (async () => {
    const deadline = performance.now() + START_TIMEOUT_MS;
    while (child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
      if (await isReady()) return true;
      await pause(RETRY_MS);
    }
    return false;
  })();
  return { child, ready, lastWords: () => output.trim() };
}
