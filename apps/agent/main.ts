import { CodedError } from '#libs/contracts/errors.js';
import { type RunningAgent, startAgent } from './agent.js';
import { createLog, errorFields } from './log.js';
import { type AgentSettings, parseAgentSettings } from './settings.js';

/** Longer than any step of shutting down; then the process ends whatever is left. */
const SHUTDOWN_MS = 8_000;

function readSettings(): AgentSettings {
  try {
    return parseAgentSettings(process.env);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    createLog('unnamed', 'info').fatal(errorFields(error), 'the settings cannot be used');
    process.exit(2);
  }
}

const settings = readSettings();
const log = createLog(settings.name, settings.logLevel);
const starting = new AbortController();
let agent: RunningAgent | null = null;
let ending = false;

async function end(signal: string): Promise<void> {
  if (ending) return;
  ending = true;
  log.info({ signal }, 'ending');
  setTimeout(() => {
    log.error('shutting down took too long');
    process.exit(1);
  }, SHUTDOWN_MS).unref();
  starting.abort(new Error(`ended by ${signal} while starting`));
  await agent?.close();
  if (agent !== null) process.exit(0);
}

function fail(error: unknown, what: string): void {
  log.fatal(errorFields(error), what);
  process.exit(1);
}

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void end(signal));
process.on('uncaughtException', (error) => fail(error, 'unexpected error'));
process.on('unhandledRejection', (error) => fail(error, 'unexpected error'));

try {
  agent = await startAgent(settings, log, starting.signal);
  if (starting.signal.aborted) {
    await agent.close();
    process.exit(0);
  }
  log.info({ agent: settings.name, driver: settings.driver.kind }, 'agent started');
} catch (error) {
  if (starting.signal.aborted) process.exit(0);
  fail(error, 'the agent cannot start');
}
