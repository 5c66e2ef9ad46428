import { ApiProperty } from '@nestjs/swagger';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseSelectorText } from '../values.js';
import { OptionalField } from './fields.js';
import { SilentAgentDto } from './flows.js';

export class ListDeniedNamesQuery {
  @OptionalField(parseSelectorText, { example: 'web', description: `Of these sandboxes alone. ${SELECTOR_FORMS}` })
  readonly from?: string;
}

/** A name outside that a sandbox asked for and was refused. */
export class DeniedNameDto {
  @ApiProperty({ example: 'sbx-web' })
  readonly sandboxId!: string;

  @ApiProperty({ example: 'web', description: 'A selector that stands for the sandbox' })
  readonly from!: string;

  @ApiProperty({ example: 'host-a', description: 'The agent that refused it' })
  readonly agentId!: string;

  @ApiProperty({ example: 'packages.example.com' })
  readonly name!: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'null: a DNS query, which names no port' })
  readonly port!: number | null;

  @ApiProperty({
    example: 'DEFAULT_DENY',
    description: 'DEFAULT_DENY, EXPLICIT_DENY, EGRESS_OFF, or TARGET_FORBIDDEN: the name leads to refused addresses',
  })
  readonly reason!: string;

  @ApiProperty({ type: 'integer' })
  readonly count!: number;

  @ApiProperty({ format: 'date-time', description: "By the agent's clock" })
  readonly lastAt!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The rule of now that denies it; null: none does' })
  readonly deniedBy!: string | null;

  @ApiProperty({ description: 'Whether the rules of now allow it' })
  readonly allowedNow!: boolean;

  @ApiProperty({
    type: String,
    nullable: true,
    example: 'gstacks network egress allow dev --from web --to packages.example.com:443',
    description: 'The command that would allow it; without a port, for 443. null: it is allowed now, or never is',
  })
  readonly remedy!: string | null;
}

export class DeniedNamesDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ format: 'date-time' })
  readonly askedAt!: string;

  @ApiProperty({ type: () => [DeniedNameDto], description: 'Of the last hour, the most frequent first' })
  readonly items!: readonly DeniedNameDto[];

  @ApiProperty({ type: 'integer', description: 'Those that are not among these' })
  readonly leftOut!: number;

  @ApiProperty({ type: () => [SilentAgentDto], description: 'Agents that did not answer' })
  readonly notKnown!: readonly SilentAgentDto[];
}
