import { ApiProperty } from '@nestjs/swagger';

/** A problem (RFC 9457) with a stable code and a remedy. */
export class ProblemDto {
  @ApiProperty({ example: 'urn:gstacks:problem:alias-taken' })
  readonly type!: string;

  @ApiProperty({ example: 'Conflict' })
  readonly title!: string;

  @ApiProperty({ type: 'integer', example: 409 })
  readonly status!: number;

  @ApiProperty({ description: 'What went wrong, in words' })
  readonly detail!: string;

  @ApiProperty({ example: 'ALIAS_TAKEN' })
  readonly code!: string;

  @ApiProperty({ type: String, nullable: true, description: 'What to do about it' })
  readonly remedy!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The member of the request that it is about; null: none' })
  readonly field!: string | null;

  @ApiProperty({ description: 'Names this request in the logs of the control plane' })
  readonly requestId!: string;
}
