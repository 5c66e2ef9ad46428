import { pino } from 'pino';
import { CodedError } from '#libs/contracts/errors.js';
import { startControlPlane } from './control-plane.js';
import { readSettings, SettingInvalidError } from './settings.js';

// Parameters of failed statements hold hashes of secrets.
const redact = { paths: ['err.parameters', 'err.driverError.parameters'], remove: true };
const logger = pino({
  redact,
  base: { process: 'control-plane' },
  level: process.env.GLOBALSTACKS_LOG_LEVEL || 'info',
});
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

try {
  const surroundings = { settings: readSettings(process.env), logger, clock: () => new Date() };
  const running = await startControlPlane(surroundings, ending.signal);
  if (!ending.signal.aborted) {
    await new Promise((resolve) => ending.signal.addEventListener('abort', resolve, { once: true }));
  }
  await running.close();
} catch (error) {
  if (!ending.signal.aborted) {
    const remedy = error instanceof CodedError ? error.remedy : null;
    logger.fatal({ err: error, remedy }, 'control plane cannot run');
    process.exitCode = error instanceof SettingInvalidError ? 2 : 1;
  }
}
