import { CodedError, InvalidInputError } from './errors.js';
import { type FieldParser, wordOf } from './json-fields.js';
import { MAX_STALENESS_SECONDS, MIN_STALENESS_SECONDS } from './values.js';

export const NETWORK_MODES = ['agent_proxy'] as const;

/** `routed_mesh` is a known mode that no host offers yet. */
export class ModeUnavailableError extends CodedError {
  constructor(readonly field: string) {
    super(
      'MODE_UNAVAILABLE',
      'mode routed_mesh is not available on any host',
      'create the network with mode agent_proxy',
    );
  }
}

/** The one mode there is; throws ModeUnavailableError, InvalidInputError. */
export function parseMode(value: unknown, field: string): 'agent_proxy' {
  if (value === 'routed_mesh') throw new ModeUnavailableError(field);
  return wordOf(NETWORK_MODES)(value, field);
}

/** `90s`, `30m`, `24h`, `7d`, or seconds as a number; throws InvalidInputError. */
export const parseDurationSeconds = durationSeconds(
  MIN_STALENESS_SECONDS,
  MAX_STALENESS_SECONDS,
  'a time from 60s to 30d, such as 90s, 30m, 24h or 7d',
);

/** A parser of durations within bounds, in seconds; it throws InvalidInputError with what is accepted. */
export function durationSeconds(least: number, most: number, accepted: string): FieldParser<number> {
  const unit: { readonly [letter: string]: number } = { s: 1, m: 60, h: 3_600, d: 86_400 };
  return (value, field) => {
    const match = /^([1-9][0-9]{0,7})([smhd]?)$/.exec(typeof value === 'number' ? String(value) : String(value ?? ''));
    if (match === null || (typeof value !== 'string' && typeof value !== 'number')) {
      throw new InvalidInputError(field, value, accepted);
    }
    const seconds = Number(match[1]) * (unit[match[2] ?? ''] ?? 1);
    if (seconds < least || seconds > most) throw new InvalidInputError(field, value, accepted);
    return seconds;
  };
}
