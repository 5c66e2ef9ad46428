import { createRequire } from 'node:module';
import { domainToASCII } from 'node:url';
import { ApiProperty } from '@nestjs/swagger';
import { InvalidInputError } from '../errors.js';
import { type AgentId, type OutsidePattern, parseAgentId } from '../ids.js';
import type { FieldParser } from '../json-fields.js';
import { wordOf } from '../json-fields.js';
import {
  baseOf,
  type DestinationName,
  isInsideName,
  isWildcard,
  OUTSIDE_NAME_FORM,
  parseDestinationName,
  parseOutsideName,
  parseOutsidePattern,
} from '../outside-names.js';
import { parseTcpPort } from '../ports.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseBoolean, parseSelectorText } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { Author, FORCED_SOURCE, RULE_END, RuleEndFields, WrittenAt } from './rules.js';
import { NetworkWriteDto } from './writes.js';

/**
 * A name as a person gives it, in either case and with letters of any script (IDNA, by Node's domainToASCII), as the
 * pattern that is kept. Throws InvalidInputError.
 */
export const parseGivenPattern: FieldParser<OutsidePattern> = (value, field) => {
  if (typeof value !== 'string' || value.length > 1_000) return parseOutsidePattern(value, field);
  // Only letters outside ASCII need it, and what else it reads (percent signs, slashes, addresses) is not to pass.
  if (isAscii(value)) return parseOutsidePattern(value.toLowerCase(), field);
  const isBelow = value.startsWith('*.');
  const ascii = domainToASCII(isBelow ? value.slice(2) : value);
  const reserved = /[*%/\\:@?#[\]]/.test(isBelow ? value.slice(2) : value);
  if (ascii === '' || reserved) throw new InvalidInputError(field, value, OUTSIDE_NAME_FORM, 'OUTSIDE_NAME_INVALID');
  return parseOutsidePattern(isBelow ? `*.${ascii}` : ascii, field);
};

/** An alias, or a name outside as a person gives it. Throws InvalidInputError. */
export const parseGivenDestination: FieldParser<DestinationName> = (value, field) =>
  typeof value === 'string' && value.includes('.') && !isInsideName(value)
    ? parseOutsideName(parseGivenPattern(value, field), field)
    : parseDestinationName(value, field);

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length;
}

const require = createRequire(import.meta.url);

/**
 * Refuses a pattern that covers a whole public suffix, such as `*.com` or `co.uk` (publicsuffix.org, those that
 * registries run). Throws InvalidInputError (PUBLIC_SUFFIX).
 */
export function refusePublicSuffix(pattern: OutsidePattern, field: string): void {
  // The list of suffixes is loaded for the first such rule: that takes 15 ms, which each start would take otherwise.
  const { getPublicSuffix }: typeof import('tldts') = require('tldts');
  const base = baseOf(pattern);
  if (getPublicSuffix(base, { allowPrivateDomains: false }) !== base) return;
  throw new InvalidInputError(
    field,
    pattern,
    isWildcard(pattern)
      ? `a wildcard below a registered domain: anybody can register names below ${base}`
      : 'a name of a host',
    'PUBLIC_SUFFIX',
    'name the domain, such as *.example.com, or allow this one with --force',
  );
}

const EXIT = "The agent that the connections leave from. Without it they leave from the sandbox's own agent";

export class EgressRuleDto {
  @ApiProperty({ example: 'rule-4f9c21ab' })
  readonly id!: string;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty({ example: 'web', description: SELECTOR_FORMS })
  readonly from!: string;

  @ApiProperty({ example: 'packages.example.com', description: OUTSIDE_NAME_FORM })
  readonly to!: string;

  @ApiProperty({ type: 'integer', example: 443 })
  readonly port!: number;

  @ApiProperty({ description: 'Whether the name may lead to private and loopback addresses' })
  readonly private!: boolean;

  @ApiProperty({ required: false, example: 'host-b', description: EXIT })
  readonly via?: string;

  @ApiProperty(RULE_END)
  readonly until?: string;
}

export class ListedEgressRuleDto extends EgressRuleDto {
  @ApiProperty({ type: 'integer', description: 'The version that brought it' })
  readonly since!: number;

  @Author()
  readonly by!: string | null;

  @WrittenAt()
  readonly at!: string | null;
}

export class AddEgressRuleDto extends RuleEndFields {
  @Field(wordOf(EFFECTS), { enum: EFFECTS })
  readonly effect!: Effect;

  @Field(parseSelectorText, { example: 'web', description: SELECTOR_FORMS })
  readonly from!: string;

  @Field(parseGivenPattern, { example: 'packages.example.com', description: OUTSIDE_NAME_FORM })
  readonly to!: OutsidePattern;

  @Field(parseTcpPort, { type: 'integer', minimum: 1, maximum: 65_535, description: 'A TCP port' })
  readonly port!: number;

  @OptionalField(parseBoolean, {
    type: Boolean,
    default: false,
    description: 'Also when the name leads to a private or loopback address',
  })
  readonly private?: boolean;

  @OptionalField(parseAgentId, { example: 'host-b', description: EXIT })
  readonly via?: AgentId;

  @OptionalField(parseBoolean, {
    type: Boolean,
    default: false,
    description: `Also for a whole public suffix. ${FORCED_SOURCE}`,
  })
  readonly force?: boolean;
}

export class ListEgressRulesQuery extends PageQuery {
  @OptionalField(wordOf(EFFECTS), { enum: EFFECTS })
  readonly effect?: Effect;
}

export class EgressRulePageDto extends PageDto {
  @ApiProperty({ type: () => [ListedEgressRuleDto] })
  readonly items!: readonly ListedEgressRuleDto[];
}

export class EgressRuleWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => EgressRuleDto })
  readonly result!: EgressRuleDto;
}
