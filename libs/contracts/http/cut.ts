import { ApiProperty } from '@nestjs/swagger';

/** Whether the bus connection of a removed agent or local node has ended. */
export class CutDto {
  @ApiProperty({ description: 'true: nats-server was asked, and has no connection of it open' })
  readonly connectionCut!: boolean;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is not known to be cut; null when it is' })
  readonly connectionNotCutReason!: string | null;
}
