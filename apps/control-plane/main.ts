import { CodedError } from '#libs/contracts/errors.js';
import { type ProgramCommand, runCommandLine } from '#libs/program/command-line.js';
import type { Settings } from '#libs/program/config-file.js';
import { createLog } from '#libs/program/log.js';
import { runProgram } from '#libs/program/run-program.js';
import { startControlPlane } from './control-plane.js';
import { readSettings, SettingInvalidError } from './foundation/settings.js';
import { SETTINGS } from './foundation/settings-list.js';
import { backup } from './maintenance/backup.js';
import { doctor } from './maintenance/doctor.js';
import { CONFIG_OPTION, CONFIG_USAGE, completed, settingsOf } from './maintenance/environment.js';
import { natsConfig } from './maintenance/nats-config.js';
import { restore } from './maintenance/restore.js';
import { rotateBusKeys } from './maintenance/rotate-bus-keys.js';

/** Requests in progress get 3 s to end; closing the bus and the database takes a little longer. */
const CLOSE_WITHIN_MS = 10_000;

// The parameters of a failed SQL statement may be hashes of secrets.
const redact = { paths: ['err.parameters', 'err.driverError.parameters'], remove: true };

function runControlPlane(settings: () => Settings, environment: Settings): void {
  const level = environment[SETTINGS.logLevel.variable] || SETTINGS.logLevel.usual;
  const logger = createLog({ process: 'control-plane' }, { redact, level });
  runProgram({
    start: async (signal) =>
      startControlPlane({ settings: readSettings(settings()), logger, clock: () => new Date() }, signal),
    ending: (reason) => logger.info({ reason }, 'control plane is stopping'),
    fatal: (error, what) => {
      const remedy = error instanceof CodedError ? error.remedy : null;
      logger.fatal({ err: error, remedy }, `control plane: ${what}`);
    },
    exitCodeOf: (error) => (error instanceof SettingInvalidError ? 2 : 1),
    closeWithinMs: CLOSE_WITHIN_MS,
  });
}

const run: ProgramCommand = {
  summary: 'Run the control plane',
  usage: `[--config FILE]\n\n  ${CONFIG_USAGE}`,
  options: CONFIG_OPTION,
  async run(given, environment) {
    const settings = settingsOf(given, environment);
    runControlPlane(() => settings, settings);
    return null;
  },
};

const argv = process.argv.slice(2);
// Without a command, all settings come from the environment of the process.
if (argv.length === 0) runControlPlane(() => completed(process.env), process.env);
else
  void runCommandLine(
    'globalstacks-control-plane',
    { backup, doctor, 'nats-config': natsConfig, restore, 'rotate-bus-keys': rotateBusKeys, run },
    argv,
    process.env,
  );
