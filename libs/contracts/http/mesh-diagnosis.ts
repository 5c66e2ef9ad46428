import { ApiProperty } from '@nestjs/swagger';
import { CHECK_STATUSES, type CheckStatus } from '../bus/checks.js';
import { MESH_TRANSPORTS, type MeshTransport } from '../mesh-transports.js';

/** The checks in order; each depends on those before it. */
export const MESH_CHECK_CODES = [
  'MESH_CONFIGURED',
  'CONTROL_SERVER_ANSWERS',
  'KEY_SOURCE',
  'TOKEN_MAY_MINT',
  'AGENTS_JOINED',
] as const;
export type MeshCheckCode = (typeof MESH_CHECK_CODES)[number];

export class MeshCheckDto {
  @ApiProperty({ enum: MESH_CHECK_CODES })
  readonly code!: MeshCheckCode;

  @ApiProperty({ enum: CHECK_STATUSES })
  readonly status!: CheckStatus;

  @ApiProperty({ type: String, nullable: true, description: 'Code of the error behind a failure' })
  readonly cause!: string | null;

  @ApiProperty({ description: 'What was seen' })
  readonly evidence!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly remedy!: string | null;
}

export class MeshDiagnosisDto {
  @ApiProperty({ type: String, enum: MESH_TRANSPORTS, nullable: true, description: 'null: there is no mesh' })
  readonly meshTransport!: MeshTransport | null;

  @ApiProperty({ type: String, nullable: true, description: 'The control server that nodes join; only with tsnet' })
  readonly meshControlUrl!: string | null;

  @ApiProperty({ type: () => [MeshCheckDto] })
  readonly checks!: readonly MeshCheckDto[];
}
