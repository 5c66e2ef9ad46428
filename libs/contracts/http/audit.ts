import { ApiProperty } from '@nestjs/swagger';
import { EpochDto } from './status.js';

/** Where the log ended at a time. The signature covers all other members (docs/http-api.md). */
export class SignedHeadDto {
  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ type: 'integer', description: 'Of the last event' })
  readonly position!: number;

  @ApiProperty({ description: 'Of the last event, SHA-256; it covers everything before it' })
  readonly hash!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ description: 'Ed25519, base64' })
  readonly signature!: string;
}

export class BrokenLogDto {
  @ApiProperty({ example: 'CHANGED', description: 'What is wrong, as a code' })
  readonly problem!: string;

  @ApiProperty({ type: 'integer', description: 'The first position in the log that is not as it was written' })
  readonly position!: number;

  @ApiProperty({ example: 'AliasPublished of network-1 does not match its hash: it was changed' })
  readonly detail!: string;

  @ApiProperty({ description: 'What to do next' })
  readonly remedy!: string;
}

export class LogVerificationDto {
  @ApiProperty({ description: 'Every event is as it was written, and none is missing' })
  readonly intact!: boolean;

  @ApiProperty({ type: () => BrokenLogDto, nullable: true, description: 'null: the log is intact' })
  readonly broken!: BrokenLogDto | null;

  @ApiProperty({ type: () => SignedHeadDto, nullable: true, description: 'Signed now; null: the log is broken' })
  readonly head!: SignedHeadDto | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'The event from which on signed heads were kept: what was cut off or rewritten before then does not show. null: none is kept',
  })
  readonly headsKeptSince!: number | null;
}

export class AuditKeyDto {
  @ApiProperty({ description: 'Checks the heads of exports: Ed25519, PEM' })
  readonly publicKey!: string;

  @ApiProperty({ type: [String], description: 'Of exports made before or after a rotation: Ed25519, PEM' })
  readonly others!: readonly string[];
}
