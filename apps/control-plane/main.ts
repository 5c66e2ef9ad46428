import { CodedError } from '#libs/contracts/errors.js';
import { createLog } from '#libs/program/log.js';
import { runProgram } from '#libs/program/run-program.js';
import { startControlPlane } from './control-plane.js';
import { readSettings, SettingInvalidError } from './foundation/settings.js';

/** Requests under way have 3 s, the bus and the database a moment more. */
const CLOSE_WITHIN_MS = 10_000;

// Parameters of failed statements hold hashes of secrets.
const redact = { paths: ['err.parameters', 'err.driverError.parameters'], remove: true };
const logger = createLog({ process: 'control-plane' }, { redact, level: process.env.GLOBALSTACKS_LOG_LEVEL || 'info' });

runProgram({
  start: async (signal) =>
    startControlPlane({ settings: readSettings(process.env), logger, clock: () => new Date() }, signal),
  ending: (reason) => logger.info({ reason }, 'control plane ends'),
  fatal: (error, what) => {
    const remedy = error instanceof CodedError ? error.remedy : null;
    logger.fatal({ err: error, remedy }, `control plane: ${what}`);
  },
  exitCodeOf: (error) => (error instanceof SettingInvalidError ? 2 : 1),
  closeWithinMs: CLOSE_WITHIN_MS,
});
