import { wholeNumber } from '#libs/contracts/values.js';
import type { Variables } from './variables.js';

/** Queries a second that one sandbox may send. Error: InvalidInputError. */
export function readQueryRate({ read }: Variables): number {
  return read('GLOBALSTACKS_AGENT_DNS_RATE', wholeNumber(1, 1_000_000)) ?? 10_000;
}
