import type { Logger } from 'pino';
import { CodedError } from '#libs/contracts/errors.js';
import { createLog } from '#libs/program/log.js';

export type AgentLog = Logger;

export function agentLog(agent: string, level: string): AgentLog {
  return createLog({ process: 'agent', agent }, { level });
}

/** An error as it is logged: a coded one's code, message and remedy; of any other, what helps to find it. */
export function errorFields(error: unknown): { readonly [key: string]: unknown } {
  if (error instanceof CodedError) {
    return { code: error.code, reason: error.message, ...(error.remedy === null ? {} : { remedy: error.remedy }) };
  }
  if (error instanceof Error) return { code: 'INTERNAL', reason: error.message, stack: error.stack };
  return { code: 'INTERNAL', reason: String(error) };
}
