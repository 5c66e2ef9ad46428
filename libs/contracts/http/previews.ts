import { ApiProperty } from '@nestjs/swagger';
import {
  type AgentId,
  type AliasName,
  type OutsidePattern,
  parseAgentId,
  parseAliasName,
  parseRuleReference,
  parseSandboxId,
  type RuleReference,
  type SandboxId,
} from '../ids.js';
import { type FieldParser, wordOf } from '../json-fields.js';
import { type AliasPort, parseTcpPort } from '../ports.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseBoolean, parseLabelKeys, parseLabels, parsePortList, parseSelectorText, wholeNumber } from '../values.js';
import { RULE_IDLENESS, type RuleIdleness } from '../verdicts.js';
import { PORT_LIST_SCHEMA } from './aliases.js';
import { parseGivenPattern } from './egress.js';
import { Field, OptionalField } from './fields.js';
import { OpenFlowsDto, SilentAgentDto } from './flows.js';
import { FORCED_SOURCE, RuleEndFields, someOf } from './rules.js';
import { WarningDto } from './writes.js';

export const PREVIEWED = [
  'add-rule',
  'add-rules',
  'remove-rule',
  'add-egress-rule',
  'remove-egress-rule',
  'attach',
  'publish-alias',
  'remove-alias',
  'detach',
  'label',
  'delete',
  'revert',
] as const;

/** An alias, which has no dot, or a name outside. */
const parseTarget: FieldParser<AliasName | OutsidePattern> = (value, field) =>
  typeof value === 'string' && /[.*]/.test(value) ? parseGivenPattern(value, field) : parseAliasName(value, field);

const parseSources: FieldParser<string | readonly string[]> = (value, field) =>
  Array.isArray(value) ? someOf(parseSelectorText)(value, field) : parseSelectorText(value, field);

/** A write to preview, with the members of the write itself. */
export class PreviewRequestDto extends RuleEndFields {
  @Field(wordOf(PREVIEWED), { enum: PREVIEWED })
  readonly kind!: (typeof PREVIEWED)[number];

  @OptionalField(wordOf(EFFECTS), { enum: EFFECTS, description: 'Of each kind of rule' })
  readonly effect?: Effect;

  @OptionalField(parseSources, {
    oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, minItems: 1 }],
    example: 'local',
    description: `Of each kind of rule, and of add-rules a list: ${SELECTOR_FORMS}`,
  })
  readonly from?: string | readonly string[];

  @OptionalField(parseTarget, {
    type: String,
    example: 'api',
    description: 'Of each kind of rule: an alias, or a name outside',
  })
  readonly to?: AliasName | OutsidePattern;

  @OptionalField(parseTcpPort, { type: 'integer', minimum: 1, maximum: 65_535, description: 'Of one rule' })
  readonly port?: number;

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Of add-egress-rule' })
  readonly private?: boolean;

  @OptionalField(parseAgentId, { type: String, example: 'host-b', description: 'Of add-egress-rule' })
  readonly via?: AgentId;

  @OptionalField(parseRuleReference, {
    description: 'Of remove-rule and remove-egress-rule: its id, or first characters',
  })
  readonly ruleId?: RuleReference;

  @OptionalField(parseAliasName, { example: 'api', description: 'Of attach, publish-alias and remove-alias' })
  readonly alias?: AliasName;

  @OptionalField(parseSandboxId, { example: 'sbx-api', description: 'Of attach, publish-alias, detach and label' })
  readonly sandboxId?: SandboxId;

  @OptionalField(parseLabels, {
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'Of label: labels to set',
  })
  readonly set?: { readonly [key: string]: string };

  @OptionalField(parseLabelKeys, { type: [String], maxItems: 32, description: 'Of label: labels to remove' })
  readonly remove?: readonly string[];

  @OptionalField(parsePortList, {
    ...PORT_LIST_SCHEMA,
    description: `Of attach and publish-alias. ${PORT_LIST_SCHEMA.description} Of add-rules: published ports`,
  })
  readonly ports?: readonly AliasPort[];

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Of attach and publish-alias' })
  readonly inheritRules?: boolean;

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Of attach and publish-alias' })
  readonly replacePorts?: boolean;

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: `Of each kind of rule. ${FORCED_SOURCE}` })
  readonly force?: boolean;

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Of delete: detach every sandbox first' })
  readonly detachAll?: boolean;

  @OptionalField(wholeNumber(1, Number.MAX_SAFE_INTEGER), { type: 'integer', description: 'Of revert' })
  readonly version?: number;
}

export class ReachedDto {
  @ApiProperty({ example: 'sandbox:sbx-web', description: '`sandbox:<id>`, `local:<user>`, or `local` for all others' })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty({ type: 'integer' })
  readonly port!: number;
}

export class RuleChangeDto {
  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ enum: [...RULE_IDLENESS, null], nullable: true, type: String, description: 'Why it does nothing now' })
  readonly before!: RuleIdleness | null;

  @ApiProperty({ enum: [...RULE_IDLENESS, null], nullable: true, type: String, description: 'Why it will do nothing' })
  readonly after!: RuleIdleness | null;
}

export class PreviewedFlowsDto extends OpenFlowsDto {
  @ApiProperty({ description: 'Whether the write would cut them' })
  readonly isCut!: boolean;
}

export class PreviewedCutsDto {
  @ApiProperty({ format: 'date-time' })
  readonly countedAt!: string;

  @ApiProperty({ type: 'integer' })
  readonly cut!: number;

  @ApiProperty({ type: 'integer', description: 'Open connections to the same ports that would stay' })
  readonly kept!: number;

  @ApiProperty({ type: () => [PreviewedFlowsDto], description: 'The most first; ruleId: what decides afterwards' })
  readonly pairs!: readonly PreviewedFlowsDto[];

  @ApiProperty({ type: 'integer', description: 'Pairs that are not among these' })
  readonly leftOut!: number;

  @ApiProperty({ type: () => [SilentAgentDto], description: 'Agents whose connections are not known' })
  readonly notKnown!: readonly SilentAgentDto[];
}

export class PreviewDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer', description: 'What it is based on: the If-Match of the write' })
  readonly version!: number;

  @ApiProperty({ description: 'false: it is so already, and nothing would be written' })
  readonly changed!: boolean;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly unchangedSince!: number | null;

  @ApiProperty({ type: () => [WarningDto] })
  readonly warnings!: readonly WarningDto[];

  @ApiProperty({ type: () => [ReachedDto] })
  readonly gained!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly gainedLeftOut!: number;

  @ApiProperty({ type: () => [ReachedDto] })
  readonly lost!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly lostLeftOut!: number;

  @ApiProperty({ type: () => [RuleChangeDto], description: 'Rules that would go idle, or begin to do something' })
  readonly rules!: readonly RuleChangeDto[];

  @ApiProperty({ type: () => PreviewedCutsDto })
  readonly cuts!: PreviewedCutsDto;
}
