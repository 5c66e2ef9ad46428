import * as Flags from '@oclif/core/flags';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseRuleLifetime } from '#libs/contracts/rule-ends.js';
import { parseTime } from '#libs/contracts/times.js';

export const endFlags = {
  for: Flags.string({ description: 'how long the rule lasts, such as 30m, 2h or 7d', helpValue: '<time>' }),
  until: Flags.string({
    description: 'when the rule ends, such as 2026-01-31T18:00:00Z',
    helpValue: '<time>',
  }),
};

export interface EndFlags {
  readonly for?: string | undefined;
  readonly until?: string | undefined;
}

/** What a request says of a rule's end. Throws InvalidInputError. */
export function endOf(flags: EndFlags): { readonly forSeconds?: number; readonly until?: string } {
  if (flags.for !== undefined && flags.until !== undefined) {
    throw new InvalidInputError('--until', flags.until, 'either --for or --until');
  }
  if (flags.for !== undefined) return { forSeconds: parseRuleLifetime(flags.for, '--for') };
  return flags.until === undefined ? {} : { until: parseTime(flags.until, '--until') };
}
