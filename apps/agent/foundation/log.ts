import type { Logger } from 'pino';
import { CodedError } from '#libs/contracts/errors.js';
import { createLog } from '#libs/program/log.js';

export type AgentLog = Logger;

export function agentLog(agent: string, level: string): AgentLog {
  return createLog({ process: 'agent', agent }, { level });
}

/** The log fields of an error: code, message and remedy of a CodedError; of any other, what helps to find the cause. */
export function errorFields(error: unknown): { readonly [key: string]: unknown } {
  if (error instanceof CodedError) {
    return { code: error.code, reason: error.message, ...(error.remedy === null ? {} : { remedy: error.remedy }) };
  }
  if (error instanceof Error) return { code: 'INTERNAL', reason: error.message, stack: error.stack };
  return { code: 'INTERNAL', reason: String(error) };
}
