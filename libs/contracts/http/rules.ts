import { ApiProperty } from '@nestjs/swagger';
import { InvalidInputError } from '../errors.js';
import { type AliasName, parseAliasName } from '../ids.js';
import { type FieldParser, listOf, wordOf } from '../json-fields.js';
import { parseTcpPort } from '../ports.js';
import { RULE_END_SECONDS } from '../rule-ends.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseTime } from '../times.js';
import { parseBoolean, parseSelectorText, wholeNumber } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { NetworkWriteDto } from './writes.js';

export const FORCED_SOURCE =
  'Also from an alias that nobody publishes and whose name is the id of a sandbox, which is sandbox:<id>';

/** Who wrote a rule, as the log has it. */
export const Author = () =>
  ApiProperty({
    type: String,
    nullable: true,
    example: 'admin',
    description: 'Who wrote it; null: the log cannot be read now',
  });

/** When a rule was written, as the log has it. */
export const WrittenAt = () =>
  ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When it was written; null: the log cannot be read now',
  });

/** What a request says of a rule's end: one of the two, or neither. */
export class RuleEndFields {
  @OptionalField(wholeNumber(RULE_END_SECONDS.least, RULE_END_SECONDS.most), {
    type: 'integer',
    minimum: RULE_END_SECONDS.least,
    maximum: RULE_END_SECONDS.most,
    description: "How long the rule lasts, by the control plane's clock; then it ends by itself",
  })
  readonly forSeconds?: number;

  @OptionalField(parseTime, { format: 'date-time', description: 'When the rule ends by itself; instead of forSeconds' })
  readonly until?: string;
}

export const RULE_END = { required: false, format: 'date-time', description: 'When it ends by itself' } as const;

export class RuleDto {
  @ApiProperty({ example: 'rule-4f9c21ab' })
  readonly id!: string;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty({ example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly to!: string;

  @ApiProperty({ type: 'integer', example: 8080 })
  readonly port!: number;

  @ApiProperty(RULE_END)
  readonly until?: string;
}

export class ListedRuleDto extends RuleDto {
  @ApiProperty({ type: 'integer', description: 'The version that brought it' })
  readonly since!: number;

  @Author()
  readonly by!: string | null;

  @WrittenAt()
  readonly at!: string | null;
}

export class AddRuleDto extends RuleEndFields {
  @Field(wordOf(EFFECTS), { enum: EFFECTS })
  readonly effect!: Effect;

  @Field(parseSelectorText, { example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @Field(parseAliasName, { example: 'api' })
  readonly to!: AliasName;

  @Field(parseTcpPort, { type: 'integer', minimum: 1, maximum: 65_535, description: 'A published port' })
  readonly port!: number;

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: FORCED_SOURCE })
  readonly force?: boolean;
}

/** As many rules as one request adds: each source with each port. */
export const MOST_RULES_AT_ONCE = 256;
const MOST_OF_A_KIND = 64;

/** From one to so many, each once. */
export function someOf<T>(parseItem: FieldParser<T>): FieldParser<readonly T[]> {
  const parse = listOf(parseItem, MOST_OF_A_KIND);
  return (value, field) => {
    const items = parse(value, field);
    if (items.length === 0) throw new InvalidInputError(field, 'none', 'at least one');
    return [...new Set(items)];
  };
}

export class AddRulesDto extends RuleEndFields {
  @Field(wordOf(EFFECTS), { enum: EFFECTS })
  readonly effect!: Effect;

  @Field(someOf(parseSelectorText), {
    type: [String],
    minItems: 1,
    maxItems: MOST_OF_A_KIND,
    example: ['local', 'web'],
    description: `A rule for each: ${SELECTOR_FORMS}`,
  })
  readonly from!: readonly string[];

  @Field(parseAliasName, { example: 'api' })
  readonly to!: AliasName;

  @Field(someOf(parseTcpPort), {
    type: 'array',
    items: { type: 'integer', minimum: 1, maximum: 65_535 },
    minItems: 1,
    maxItems: MOST_OF_A_KIND,
    description: 'Published ports; a rule for each with each source',
  })
  readonly ports!: readonly number[];

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: FORCED_SOURCE })
  readonly force?: boolean;
}

export class ListRulesQuery extends PageQuery {
  @OptionalField(wordOf(EFFECTS), { enum: EFFECTS })
  readonly effect?: Effect;
}

export class RulePageDto extends PageDto {
  @ApiProperty({ type: () => [ListedRuleDto] })
  readonly items!: readonly ListedRuleDto[];
}

export class AddedRuleDto {
  @ApiProperty({ type: () => RuleDto })
  readonly rule!: RuleDto;

  @ApiProperty({ description: 'false: an identical rule was there already' })
  readonly added!: boolean;
}

export class RulesWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => [AddedRuleDto] })
  readonly result!: readonly AddedRuleDto[];
}

export class RuleWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => RuleDto })
  readonly result!: RuleDto;
}
