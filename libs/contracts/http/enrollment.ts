import { ApiProperty } from '@nestjs/swagger';
import { InvalidInputError } from '../errors.js';
import { type AgentId, parseAgentName } from '../ids.js';
import { MESH_TRANSPORTS, type MeshTransport } from '../mesh-transports.js';
import { parseTime } from '../times.js';
import { boundedText } from '../values.js';
import { Field } from './fields.js';
import { EpochDto } from './status.js';
import { KeySuccessionDto } from './store-keys.js';

export const ENROLLMENT_TOKEN_PREFIX = 'gse_';
const TOKEN = /^gse_[A-Za-z0-9_-]{43}$/;

/** A one-time token; the error does not quote it. */
export function parseEnrollmentToken(value: unknown, field: string): string {
  if (typeof value !== 'string' || !TOKEN.test(value)) {
    throw new InvalidInputError(
      field,
      '(hidden)',
      'a token made by `gstacks agent enroll <name>`',
      'ENROLLMENT_TOKEN_INVALID',
      'make a new token with `gstacks agent enroll <name>`',
    );
  }
  return value;
}

/** A public NATS user key: `U` and 55 characters of base32. */
export function parseUserNkey(value: unknown, field: string): string {
  if (typeof value !== 'string' || !/^U[A-Z2-7]{55}$/.test(value)) {
    throw new InvalidInputError(field, value, 'the public NATS user key, U and 55 letters or digits');
  }
  return value;
}

export const parseCertificateRequest = boundedText(100, 8_192, 'a PEM certificate request of at most 8192 characters');
export const parseSignature = boundedText(16, 256, 'a signature in base64');

export class CreateEnrollmentTokenDto {
  @Field(parseAgentName, { example: 'host-a' })
  readonly name!: AgentId;
}

export class EnrollmentTokenDto {
  @ApiProperty({ example: 'host-a' })
  readonly name!: string;

  @ApiProperty({ description: 'Shown once' })
  readonly token!: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt!: string;

  @ApiProperty({
    type: String,
    enum: MESH_TRANSPORTS,
    nullable: true,
    description: 'The mesh that an agent without mesh settings joins if it is tsnet; null: there is none',
  })
  readonly meshTransport!: MeshTransport | null;
}

export class EnrollAgentDto {
  @Field(parseEnrollmentToken, { description: 'One-time token' })
  readonly token!: string;

  @Field(parseAgentName, { example: 'host-a' })
  readonly name!: AgentId;

  @Field(parseUserNkey, { description: 'Public NATS user key; its seed stays with the agent' })
  readonly nkey!: string;

  @Field(parseCertificateRequest, { description: 'PKCS #10 in PEM, made with the mesh key that stays with the agent' })
  readonly certificateRequest!: string;

  @Field(parseTime, { format: 'date-time', description: 'Within a minute of the control plane' })
  readonly timestamp!: string;

  @Field(parseSignature, { description: 'Base64 of the signature over enrollmentStatement by the nkey' })
  readonly signature!: string;
}

export class RenewAgentDto {
  @Field(parseAgentName, { example: 'host-a' })
  readonly agentId!: AgentId;

  @Field(parseUserNkey, {})
  readonly nkey!: string;

  @Field(parseCertificateRequest, {})
  readonly certificateRequest!: string;

  @Field(parseTime, { format: 'date-time', description: 'Within a minute of the control plane' })
  readonly timestamp!: string;

  @Field(parseSignature, { description: 'Base64 of the signature over renewalStatement by the nkey' })
  readonly signature!: string;
}

export class AgentCredentialsDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ description: 'NATS user JWT' })
  readonly busJwt!: string;

  @ApiProperty({ type: [String], example: ['nats://127.0.0.1:4222'] })
  readonly busServers!: readonly string[];

  @ApiProperty({ description: 'Mesh certificate, PEM' })
  readonly certificate!: string;

  @ApiProperty({ description: 'Mesh authority, PEM' })
  readonly authority!: string;

  @ApiProperty({ type: String, enum: MESH_TRANSPORTS, nullable: true, description: 'null: there is no mesh' })
  readonly meshTransport!: MeshTransport | null;

  @ApiProperty({ type: String, nullable: true, description: 'The control server to join; only with tsnet' })
  readonly meshControlUrl!: string | null;

  @ApiProperty({ description: 'Ed25519 key that signs snapshots, SPKI in base64' })
  readonly snapshotPublicKey!: string;

  @ApiProperty({ type: [String], description: 'All keys whose snapshots are to be taken, the one in use first' })
  readonly snapshotKeys!: readonly string[];

  @ApiProperty({ type: () => [KeySuccessionDto], description: 'Which key of the store followed which' })
  readonly successions!: readonly KeySuccessionDto[];

  @ApiProperty({ description: 'The store in the URIs of certificates' })
  readonly storeId!: string;

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt!: string;
}
