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

/** `90s`, `30m`, `24h` or `7d`, or a JSON number of seconds; throws InvalidInputError. */
export const parseDurationSeconds = durationSeconds(
  MIN_STALENESS_SECONDS,
  MAX_STALENESS_SECONDS,
  'a time from 60s to 30d, such as 90s, 30m, 24h or 7d',
);

const UNIT_SECONDS: { readonly [unit: string]: number } = { s: 1, m: 60, h: 3_600, d: 86_400 };
const DURATION = /^([1-9][0-9]{0,7})([smhd]?)$/;

/**
 * A parser of durations within bounds, in seconds: a text with its unit, or a JSON number of seconds. A text without a
 * unit is refused, because people mean seconds, minutes or hours by it. Throws InvalidInputError with what is accepted.
 */
export function durationSeconds(least: number, most: number, accepted: string): FieldParser<number> {
  const isWithin = (seconds: number): boolean => seconds >= least && seconds <= most;
  return (value, field) => {
    if (typeof value === 'number' && Number.isInteger(value) && isWithin(value)) return value;
    const [, count, unit] = typeof value === 'string' ? (DURATION.exec(value) ?? []) : [];
    if (count === undefined || unit === undefined) throw new InvalidInputError(field, value, accepted);
    if (unit === '') throw unitMissing(field, count, isWithin, accepted);
    const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
    if (!isWithin(seconds)) throw new InvalidInputError(field, value, accepted);
    return seconds;
  };
}

function unitMissing(
  field: string,
  count: string,
  isWithin: (seconds: number) => boolean,
  accepted: string,
): InvalidInputError {
  const forms = Object.entries(UNIT_SECONDS).flatMap(([unit, seconds]) =>
    isWithin(Number(count) * seconds) ? [`${count}${unit}`] : [],
  );
  const remedy = forms.length === 0 ? null : `write the unit: ${forms.join(', or ')}`;
  return new InvalidInputError(field, count, accepted, 'INVALID_INPUT', remedy);
}

/**
 * A parser of a time to wait, in seconds: a bare number, as help texts and the documents have it (`--wait=30`), or a
 * duration with its unit, such as `2m`. Throws InvalidInputError.
 */
export function secondsToWait(least: number, most: number): FieldParser<number> {
  const accepted = `seconds from ${least} to ${most}, such as 30, or a time with its unit, such as 2m`;
  const withUnit = durationSeconds(least, most, accepted);
  return (value, field) => {
    const isBare = typeof value === 'string' && /^(0|[1-9][0-9]{0,7})$/.test(value);
    return withUnit(isBare ? Number(value) : value, field);
  };
}
