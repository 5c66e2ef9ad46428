import { ApiProperty } from '@nestjs/swagger';
import { wholeNumber } from '../values.js';
import { Field } from './fields.js';
import { NetworkWriteDto } from './writes.js';

export class RevertDto {
  @Field(wholeNumber(1, Number.MAX_SAFE_INTEGER), {
    type: 'integer',
    example: 14,
    description: 'The version that the network is to be as',
  })
  readonly to!: number;
}

export class RevertResultDto {
  @ApiProperty({ type: 'integer' })
  readonly to!: number;

  @ApiProperty({ type: [String], example: ['remove rule-4f9c21ab'], description: 'What was written, in order' })
  readonly changes!: readonly string[];

  @ApiProperty({ type: 'integer', description: 'Later ones that are not among the changes' })
  readonly changesLeftOut!: number;
}

export class RevertWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => RevertResultDto })
  readonly result!: RevertResultDto;
}
