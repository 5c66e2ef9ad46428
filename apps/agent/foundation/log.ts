import { type Logger, pino } from 'pino';
import { CodedError } from '#libs/contracts/errors.js';

export type AgentLog = Logger;

/** JSON lines on standard output, written at once: the last line before a crash is the one that counts. */
export function createLog(agent: string, level: string): AgentLog {
  return pino({ level, base: { agent }, timestamp: pino.stdTimeFunctions.isoTime, messageKey: 'message' });
}

/** An error as it is logged: a coded one's code, message and remedy; of any other, what helps to find it. */
export function errorFields(error: unknown): { readonly [key: string]: unknown } {
  if (error instanceof CodedError) {
    return { code: error.code, reason: error.message, ...(error.remedy === null ? {} : { remedy: error.remedy }) };
  }
  if (error instanceof Error) return { code: 'INTERNAL', reason: error.message, stack: error.stack };
  return { code: 'INTERNAL', reason: String(error) };
}
