import { ApiProperty } from '@nestjs/swagger';
import {
  CHECK_CODES,
  CHECK_ROLES,
  CHECK_STATUSES,
  type CheckCode,
  type CheckRole,
  type CheckStatus,
} from '../bus/checks.js';
import { type AgentId, parseAgentId } from '../ids.js';
import type { DestinationName } from '../outside-names.js';
import { parseTcpPort } from '../ports.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_EFFECTS, SELECTOR_FORMS } from '../selectors.js';
import { parseSelectorText } from '../values.js';
import { MISSED_PARTS, type MissedPart, SELECTOR_VERDICT_REASONS, type SelectorVerdictReason } from '../verdicts.js';
import { parseGivenDestination } from './egress.js';
import { Field, OptionalField } from './fields.js';
import { Author, RULE_END, WrittenAt } from './rules.js';
import { EpochDto } from './status.js';

export class TestRequestDto {
  @Field(parseSelectorText, { example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @Field(parseGivenDestination, { example: 'api', description: 'An alias, or a name outside' })
  readonly alias!: DestinationName;

  @Field(parseTcpPort, { type: 'integer', minimum: 1, maximum: 65_535 })
  readonly port!: number;

  @OptionalField(parseAgentId, {
    example: 'host-a',
    description: 'Ask this agent alone; one at no end is asked as the source',
  })
  readonly agentId?: AgentId;
}

export class NearMissDto {
  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ enum: MISSED_PARTS })
  readonly missed!: MissedPart;
}

export class MemberVerdictDto {
  @ApiProperty({ example: 'sandbox:sbx-web' })
  readonly source!: string;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty({ enum: SELECTOR_VERDICT_REASONS })
  readonly reason!: SelectorVerdictReason;

  @ApiProperty({ type: String, nullable: true })
  readonly ruleId!: string | null;
}

export class VerdictDto {
  @ApiProperty({ enum: SELECTOR_EFFECTS })
  readonly effect!: (typeof SELECTOR_EFFECTS)[number];

  @ApiProperty({ enum: SELECTOR_VERDICT_REASONS })
  readonly reason!: SelectorVerdictReason;

  @ApiProperty({ type: String, nullable: true })
  readonly ruleId!: string | null;

  @ApiProperty({ type: () => [NearMissDto], description: 'Rules that match all but one of source, alias and port' })
  readonly nearMisses!: readonly NearMissDto[];

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: () => [MemberVerdictDto], description: 'Each member, when the effect is mixed' })
  readonly members!: readonly MemberVerdictDto[];
}

export class CheckDto {
  @ApiProperty({ type: String, nullable: true, description: 'The agent that was asked; null: none' })
  readonly agentId!: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The developer's machine that was asked; null: none",
    example: 'laptop-0a1b2c3d4e',
  })
  readonly nodeId!: string | null;

  @ApiProperty({
    enum: [...CHECK_ROLES, null],
    nullable: true,
    type: String,
    description: 'The end of the connection it is; null: none',
  })
  readonly role!: CheckRole | null;

  @ApiProperty({ enum: CHECK_CODES })
  readonly code!: CheckCode;

  @ApiProperty({ enum: CHECK_STATUSES })
  readonly status!: CheckStatus;

  @ApiProperty({
    enum: [...SELECTOR_EFFECTS, null],
    nullable: true,
    type: String,
    description: 'Of POLICY: what the policy that is held there decides; null: none is held, or another check',
  })
  readonly effect!: (typeof SELECTOR_EFFECTS)[number] | null;

  @ApiProperty({ description: 'What was seen' })
  readonly evidence!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly remedy!: string | null;
}

/** The rule behind a verdict, with who wrote it and when. */
export class AuthoredRuleDto {
  @ApiProperty({ example: 'rule-4f9c21ab' })
  readonly id!: string;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty({ example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @ApiProperty({ example: 'api', description: 'An alias, a name outside, or *.example.com' })
  readonly to!: string;

  @ApiProperty({ type: 'integer', example: 8080 })
  readonly port!: number;

  @ApiProperty(RULE_END)
  readonly until?: string;

  @Author()
  readonly by!: string | null;

  @WrittenAt()
  readonly at!: string | null;
}

export class TestResultDto {
  @ApiProperty({ type: () => VerdictDto })
  readonly verdict!: VerdictDto;

  @ApiProperty({ type: () => AuthoredRuleDto, nullable: true, description: 'The rule that decides; null: none does' })
  readonly rule!: AuthoredRuleDto | null;

  @ApiProperty({ type: () => [CheckDto] })
  readonly checks!: readonly CheckDto[];

  @ApiProperty({
    type: () => [CheckDto],
    description: 'The POLICY checks of agents and local nodes that decide otherwise than the verdict',
  })
  readonly disagreements!: readonly CheckDto[];

  @ApiProperty({
    type: () => CheckDto,
    nullable: true,
    description:
      'The first of the disagreements, or else the first check that failed, or else the first whose outcome is unknown',
  })
  readonly firstFailure!: CheckDto | null;
}
