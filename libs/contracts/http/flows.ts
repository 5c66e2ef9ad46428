import { ApiProperty } from '@nestjs/swagger';

/** Open connections of one source to one port. */
export class OpenFlowsDto {
  @ApiProperty({ example: 'sandbox:sbx-web', description: '`sandbox:<id>` or `local:<user>`' })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty({ type: 'integer' })
  readonly port!: number;

  @ApiProperty({ type: 'integer' })
  readonly open!: number;

  @ApiProperty({ type: String, nullable: true, description: 'The rule that lets them through; null: none any more' })
  readonly ruleId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: "null: a developer's machine" })
  readonly sourceAgentId!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly targetAgentId!: string | null;

  @ApiProperty({ format: 'date-time', description: 'By the clock of the agent that counted' })
  readonly oldestOpenedAt!: string;

  @ApiProperty({ type: 'integer' })
  readonly bytesToTarget!: number;

  @ApiProperty({ type: 'integer' })
  readonly bytesToSource!: number;
}

export class SilentAgentDto {
  @ApiProperty({ example: 'host-b' })
  readonly agentId!: string;

  @ApiProperty({ example: 'it does not answer' })
  readonly reason!: string;
}

export class NetworkFlowsDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ format: 'date-time' })
  readonly countedAt!: string;

  @ApiProperty({ type: 'integer', description: 'Of the agents that answered' })
  readonly total!: number;

  @ApiProperty({ type: () => [OpenFlowsDto], description: 'The most first' })
  readonly pairs!: readonly OpenFlowsDto[];

  @ApiProperty({ type: 'integer', description: 'Pairs that are not among these' })
  readonly leftOut!: number;

  @ApiProperty({ type: () => [SilentAgentDto], description: 'Agents whose connections are not known' })
  readonly notKnown!: readonly SilentAgentDto[];
}
