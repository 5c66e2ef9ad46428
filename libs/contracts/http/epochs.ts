import { ApiProperty } from '@nestjs/swagger';
import { wholeNumber } from '../values.js';
import { Field } from './fields.js';
import { EpochDto } from './status.js';

export class AheadAgentDto {
  @ApiProperty({ example: 'host-a' })
  readonly agentId!: string;

  @ApiProperty({ type: 'integer', description: 'The epoch that it follows' })
  readonly epoch!: number;

  @ApiProperty({ type: 'integer', description: 'The version that it holds, as the control plane once signed it' })
  readonly version!: number;

  @ApiProperty({ description: 'In what way the store and this agent differ' })
  readonly detail!: string;

  @ApiProperty({ description: 'false: it did not show what it holds, so that this is not part of the comparison' })
  readonly compared!: boolean;
}

export class RegressedNetworkDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: the store does not know it, and no agent has said' })
  readonly name!: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: "The store's version; null: only agents know the network",
  })
  readonly version!: number | null;

  @ApiProperty({ type: () => [AheadAgentDto] })
  readonly agents!: readonly AheadAgentDto[];

  @ApiProperty({
    type: [String],
    description: 'What the store lets through and agents do not: `<source> -> <alias>:<port>`',
  })
  readonly gained!: readonly string[];

  @ApiProperty({ type: [String], description: 'What agents let through and the store does not' })
  readonly lost!: readonly string[];

  @ApiProperty({ type: 'integer', description: 'How many more lines there are than are listed' })
  readonly notListed!: number;
}

export class EpochPreviewDto {
  @ApiProperty({ type: () => EpochDto, description: 'The present one' })
  readonly epoch!: EpochDto;

  @ApiProperty({ type: 'integer', description: 'The counter that a new epoch would have' })
  readonly next!: number;

  @ApiProperty({
    type: () => [RegressedNetworkDto],
    description: 'Networks of which agents hold what this store never wrote',
  })
  readonly networks!: readonly RegressedNetworkDto[];
}

export class StartEpochDto {
  @Field(wholeNumber(1, 2_147_483_646), {
    type: 'integer',
    example: 1,
    description: 'The counter of the present epoch, as it was shown: another one by now is refused with EPOCH_MOVED',
  })
  readonly after!: number;
}

export class StartedEpochDto {
  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;
}
