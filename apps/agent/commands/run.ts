import { CodedError } from '#libs/contracts/errors.js';
import { runProgram } from '#libs/program/run-program.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { startAgent } from '../agent.js';
import { isRevocation } from '../enrollment/enrollment.js';
import { agentLog, errorFields } from '../foundation/log.js';
import { SETTINGS } from '../foundation/settings-list.js';
import type { Environment } from '../foundation/variables.js';
import { type AgentSettings, parseAgentSettings } from '../settings.js';

const CLOSE_WITHIN_MS = 8_000;
const FAILED = 1;
/** Another start would end the same way: deploy/systemd does not start it again. */
const REFUSED = 2;

function readSettings(environment: Environment): AgentSettings {
  try {
    trustAuthorities(environment[SETTINGS.caFile.variable]);
    return parseAgentSettings(environment);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    agentLog('unnamed', 'info').fatal(errorFields(error), 'agent: the settings are invalid');
    process.exit(REFUSED);
  }
}

/** Runs the agent with these settings until it is asked to end. */
export function runAgent(environment: Environment): void {
  const settings = readSettings(environment);
  const log = agentLog(settings.name, settings.logLevel);
  runProgram({
    start: async (signal, end) => {
      const agent = await startAgent(settings, log, signal, (error) => end('revoked', error));
      log.info({ driver: settings.driver.name }, 'agent started');
      return agent;
    },
    ending: (reason) => log.info({ reason }, 'agent is stopping'),
    fatal: (error, what) => log.fatal(errorFields(error), `agent: ${what}`),
    exitCodeOf: (error) => (isRevocation(error) ? REFUSED : FAILED),
    closeWithinMs: CLOSE_WITHIN_MS,
  });
}
