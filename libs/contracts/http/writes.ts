import { ApiProperty } from '@nestjs/swagger';

export class WarningDto {
  @ApiProperty({ example: 'OVERRIDDEN_BY_DENY' })
  readonly code!: string;

  @ApiProperty()
  readonly message!: string;
}

/** The answer to every write on a network; `result` depends on the write. */
export abstract class NetworkWriteDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer', description: 'The topology version that this write made, or found' })
  readonly version!: number;

  @ApiProperty({ description: 'false: it was so already, and nothing was written' })
  readonly changed!: boolean;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The version since which it has been so, when nothing was written; null: something was',
  })
  readonly unchangedSince!: number | null;

  @ApiProperty({ type: () => [WarningDto] })
  readonly warnings!: readonly WarningDto[];
}
