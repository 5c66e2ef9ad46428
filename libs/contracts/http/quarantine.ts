import { ApiProperty } from '@nestjs/swagger';
import { textUpTo } from '../json-fields.js';
import { OptionalField } from './fields.js';
import { NetworkWriteDto } from './writes.js';

const MOST_REASON_CHARACTERS = 500;

export class QuarantineNetworkDto {
  @OptionalField(textUpTo(MOST_REASON_CHARACTERS), {
    maxLength: MOST_REASON_CHARACTERS,
    description: 'Kept in the log',
  })
  readonly reason?: string;
}

export class QuarantinedDto {
  @ApiProperty({ type: [String], description: 'Agents that are told to let go of the network' })
  readonly agents!: readonly string[];
}

export class QuarantineDto extends NetworkWriteDto {
  @ApiProperty({ type: () => QuarantinedDto })
  readonly result!: QuarantinedDto;
}
