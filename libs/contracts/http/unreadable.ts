import { ApiProperty } from '@nestjs/swagger';

/** The first event of a stream that this release cannot read, usually because a newer release wrote it. */
export class UnreadableDto {
  @ApiProperty({ type: 'integer', description: 'Position in the log' })
  readonly position!: number;

  @ApiProperty({ type: 'integer', description: 'Version of the stream; what is known of it ends before this version' })
  readonly version!: number;

  @ApiProperty({ example: 'PolicyRuleExpired' })
  readonly eventType!: string;

  @ApiProperty({ type: 'integer' })
  readonly schemaVersion!: number;

  @ApiProperty()
  readonly message!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly remedy!: string | null;
}
