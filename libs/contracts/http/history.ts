import { ApiProperty } from '@nestjs/swagger';
import { CHANGE_KINDS, type ChangeKind } from '../change-kinds.js';
import { wordOf } from '../json-fields.js';
import { type Moment, parseMoment } from '../moments.js';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../page-size.js';
import { SELECTOR_EFFECTS, type SelectorEffect } from '../selectors.js';
import { parseTime } from '../times.js';
import { boundedText, wholeNumber } from '../values.js';
import { SELECTOR_VERDICT_REASONS, type SelectorVerdictReason } from '../verdicts.js';
import { ChangeDto } from './changes.js';
import { VerdictDto } from './diagnostics.js';
import { Field, OptionalField } from './fields.js';
import { PageDto } from './page.js';
import { VerdictQuery } from './policy-views.js';
import { ReachedDto } from './previews.js';

const MOMENT = { example: '14', description: 'A version, or a time (RFC 3339)' };

/** A change, and the command that wrote it. */
export class PastChangeDto extends ChangeDto {
  @ApiProperty({ description: 'The Idempotency-Key of the command; one command may write several versions' })
  readonly commandId!: string;
}

export class ListHistoryQuery {
  @OptionalField(parseTime, { format: 'date-time', description: 'Only what was written at this time or later' })
  readonly since?: string;

  @OptionalField(parseTime, { format: 'date-time', description: 'Only what was written before this time' })
  readonly until?: string;

  @OptionalField(boundedText(1, 200, 'a name of at most 200 characters'), {
    example: 'user:ada',
    description: 'Only what this actor wrote',
  })
  readonly actor?: string;

  @OptionalField(wordOf(CHANGE_KINDS), { enum: CHANGE_KINDS, description: 'Only changes of this kind' })
  readonly kind?: ChangeKind;

  @OptionalField(wholeNumber(1, MAX_PAGE_SIZE), {
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
    description: 'Most items to answer with',
  })
  readonly limit: number = DEFAULT_PAGE_SIZE;

  @OptionalField(wholeNumber(1, Number.MAX_SAFE_INTEGER), {
    type: 'integer',
    description: 'nextCursor of the page before: only versions before this one',
  })
  readonly cursor?: number;
}

export class HistoryPageDto extends PageDto {
  @ApiProperty({ type: () => [PastChangeDto], description: 'The newest first' })
  readonly items!: readonly PastChangeDto[];
}

/** A version of a network, and the time in which it was current. */
export class PastVersionDto {
  @ApiProperty({ type: 'integer', description: '0: the network did not exist' })
  readonly version!: number;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', description: 'null: of version 0' })
  readonly since!: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', description: 'null: it is the present one' })
  readonly until!: string | null;
}

export class DiffQuery {
  @Field(parseMoment, MOMENT)
  readonly from!: Moment;

  @Field(parseMoment, MOMENT)
  readonly to!: Moment;
}

export class NetworkDiffDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: () => PastVersionDto })
  readonly from!: PastVersionDto;

  @ApiProperty({ type: () => PastVersionDto })
  readonly to!: PastVersionDto;

  @ApiProperty({ type: () => [ReachedDto], description: 'What the second version lets through and the first does not' })
  readonly gained!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly gainedLeftOut!: number;

  @ApiProperty({ type: () => [ReachedDto] })
  readonly lost!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly lostLeftOut!: number;

  @ApiProperty({ type: () => [PastChangeDto], description: 'What was written between the two, the oldest first' })
  readonly changes!: readonly PastChangeDto[];

  @ApiProperty({ type: 'integer', description: 'Earlier ones that are not among the changes' })
  readonly changesLeftOut!: number;
}

export class ExplanationQuery extends VerdictQuery {
  @OptionalField(parseMoment, { ...MOMENT, description: 'A version, or a time (RFC 3339); without it, now' })
  readonly at?: Moment;
}

/** The rule that decided, and the change that made it. */
export class DecidingRuleDto {
  @ApiProperty()
  readonly ruleId!: string;

  @ApiProperty({ example: 'deny web to api:8080' })
  readonly text!: string;

  @ApiProperty({ type: () => PastChangeDto })
  readonly made!: PastChangeDto;
}

export const PAST_ROLES = ['source', 'target'] as const;
export type PastRole = (typeof PAST_ROLES)[number];

/** What the agent at one end had applied at that time, and what it decided by it. */
export class PastEnforcementDto {
  @ApiProperty({ example: 'host-a' })
  readonly agentId!: string;

  @ApiProperty({ type: [String], enum: PAST_ROLES, isArray: true })
  readonly roles!: readonly PastRole[];

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: it had acknowledged no version yet' })
  readonly version!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly appliedAt!: string | null;

  @ApiProperty({
    type: String,
    enum: [...SELECTOR_EFFECTS, null],
    nullable: true,
    description: 'By the version that it had applied; null: none',
  })
  readonly effect!: SelectorEffect | null;
}

export class ExplanationDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: () => PastVersionDto })
  readonly at!: PastVersionDto;

  @ApiProperty({ type: () => VerdictDto })
  readonly verdict!: VerdictDto;

  @ApiProperty({ type: () => DecidingRuleDto, nullable: true, description: 'null: no rule decided' })
  readonly rule!: DecidingRuleDto | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'What to do so that it is allowed; null: it is, or this is not the present version',
  })
  readonly remedy!: string | null;

  @ApiProperty({
    format: 'date-time',
    description: 'The last moment at which this version was the present one: what agents had applied is told of it',
  })
  readonly appliedBy!: string;

  @ApiProperty({ type: () => [PastEnforcementDto], description: 'The agents at both ends' })
  readonly agents!: readonly PastEnforcementDto[];
}

/** A version at which a verdict changed. */
export class VerdictTurnDto {
  @ApiProperty({ type: () => PastChangeDto })
  readonly change!: PastChangeDto;

  @ApiProperty({ enum: SELECTOR_EFFECTS })
  readonly effect!: SelectorEffect;

  @ApiProperty({ enum: SELECTOR_VERDICT_REASONS })
  readonly reason!: SelectorVerdictReason;

  @ApiProperty({ type: String, nullable: true })
  readonly ruleId!: string | null;
}

export class VerdictTurnsDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: () => [VerdictTurnDto], description: 'The newest first' })
  readonly turns!: readonly VerdictTurnDto[];

  @ApiProperty({ type: 'integer' })
  readonly turnsLeftOut!: number;
}
