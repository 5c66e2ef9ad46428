import { ApiProperty } from '@nestjs/swagger';
import type { DestinationName } from '../outside-names.js';
import { parsePort } from '../ports.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseSelectorText } from '../values.js';
import { RULE_IDLENESS, type RuleIdleness } from '../verdicts.js';
import { PortDto } from './aliases.js';
import { parseGivenDestination } from './egress.js';
import { Field } from './fields.js';

export class MappedSandboxDto {
  @ApiProperty({ example: 'sbx-web' })
  readonly sandboxId!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly agentId!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels!: { readonly [key: string]: string };
}

export class MappedAliasDto {
  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty()
  readonly sandboxId!: string;

  @ApiProperty({ type: () => [PortDto] })
  readonly ports!: readonly PortDto[];
}

export class PolicyEdgeDto {
  @ApiProperty({ example: 'sandbox:sbx-web', description: '`sandbox:<id>`, `local:<user>`, or `local` for all others' })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty({ type: 'integer' })
  readonly port!: number;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ type: 'integer', description: 'The version that brought the rule' })
  readonly since!: number;
}

export class MetRuleDto {
  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ type: 'integer', description: 'For how many sources' })
  readonly sources!: number;
}

export class RuleStandingDto {
  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ type: 'integer', description: 'How many sources it stands for now' })
  readonly sources!: number;

  @ApiProperty({ type: 'integer', description: 'For how many of them it is the rule that decides' })
  readonly decides!: number;

  @ApiProperty({ type: () => [MetRuleDto], description: 'Denies that decide in place of this allow' })
  readonly overriddenBy!: readonly MetRuleDto[];

  @ApiProperty({ type: () => [MetRuleDto], description: 'Allows that this deny beats' })
  readonly overrides!: readonly MetRuleDto[];

  @ApiProperty({ enum: [...RULE_IDLENESS, null], nullable: true, type: String, description: 'Why it does nothing now' })
  readonly idle!: RuleIdleness | null;
}

/** All parts are of the same version. */
export class ReachabilityDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: () => [MappedSandboxDto] })
  readonly sandboxes!: readonly MappedSandboxDto[];

  @ApiProperty({ type: () => [MappedAliasDto] })
  readonly aliases!: readonly MappedAliasDto[];

  @ApiProperty({ type: () => [PolicyEdgeDto], description: 'What rules decide; all else the default denies' })
  readonly edges!: readonly PolicyEdgeDto[];

  @ApiProperty({ type: 'integer', description: 'Sources and ports that rules name and that are not among the edges' })
  readonly edgesLeftOut!: number;

  @ApiProperty({ type: () => [RuleStandingDto] })
  readonly rules!: readonly RuleStandingDto[];
}

export class VerdictQuery {
  @Field(parseSelectorText, { example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @Field(parseGivenDestination, { example: 'api', description: 'An alias, or a name outside' })
  readonly alias!: DestinationName;

  @Field(parsePort, { type: 'integer', minimum: 1, maximum: 65_535 })
  readonly port!: number;
}
