import { ApiProperty } from '@nestjs/swagger';
import { type NetworkName, parseNetworkName, parseUserName, type UserName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { MESH_TRANSPORTS, type MeshTransport } from '../mesh-transports.js';
import { LOCAL_NODE_STATUSES, type LocalNodeStatus, MESH_NODE_ENDS, type MeshNodeEnd } from '../statuses.js';
import { parseTime } from '../times.js';
import { boundedText } from '../values.js';
import { MeshStateDto } from './agents.js';
import { CutDto } from './cut.js';
import { parseCertificateRequest, parseSignature, parseUserNkey } from './enrollment.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { EpochDto } from './status.js';
import { KeySuccessionDto } from './store-keys.js';
import { UnreadableDto } from './unreadable.js';

export class JoinNetworkDto {
  @Field(boundedText(1, 63, 'the name of this machine, 1 to 63 characters'), { example: 'laptop' })
  readonly machine!: string;

  @Field(parseUserNkey, { description: 'Public NATS user key; the same one again renews' })
  readonly nkey!: string;

  @Field(parseCertificateRequest, {
    description: 'PKCS #10 in PEM, made with the mesh key that stays with the machine',
  })
  readonly certificateRequest!: string;

  @Field(parseTime, { format: 'date-time', description: 'Within a minute of the control plane' })
  readonly timestamp!: string;

  @Field(parseSignature, { description: 'Base64 of the signature over joinStatement by the nkey' })
  readonly signature!: string;
}

export class LocalNodeCredentialsDto {
  @ApiProperty({ example: 'laptop-0a1b2c3d4e' })
  readonly nodeId!: string;

  @ApiProperty({ example: 'ada' })
  readonly user!: string;

  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty()
  readonly networkId!: string;

  @ApiProperty({ enum: MESH_TRANSPORTS, description: 'How agents are reached' })
  readonly meshTransport!: MeshTransport;

  @ApiProperty({ type: String, nullable: true, description: 'The control server to join; always there with tsnet' })
  readonly meshControlUrl!: string | null;

  @ApiProperty({ description: 'NATS user JWT' })
  readonly busJwt!: string;

  @ApiProperty({ type: [String], example: ['nats://127.0.0.1:4222'] })
  readonly busServers!: readonly string[];

  @ApiProperty({ description: 'Mesh certificate, PEM' })
  readonly certificate!: string;

  @ApiProperty({ description: 'Mesh authority, PEM' })
  readonly authority!: string;

  @ApiProperty({ description: 'Ed25519 key that signs snapshots, SPKI in base64' })
  readonly snapshotPublicKey!: string;

  @ApiProperty({ type: [String], description: 'All keys whose snapshots are to be taken, the one in use first' })
  readonly snapshotKeys!: readonly string[];

  @ApiProperty({ type: () => [KeySuccessionDto], description: 'Which key of the store followed which' })
  readonly successions!: readonly KeySuccessionDto[];

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ format: 'date-time', description: "No later than the end of the user's token" })
  readonly expiresAt!: string;

  @ApiProperty({ type: String, nullable: true, format: 'date-time', description: 'After that nothing is renewed' })
  readonly tokenExpiresAt!: string | null;
}

export class LocalNodeDto {
  @ApiProperty({ example: 'laptop-0a1b2c3d4e' })
  readonly id!: string;

  @ApiProperty({ example: 'ada' })
  readonly user!: string;

  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ example: 'laptop' })
  readonly machine!: string;

  @ApiProperty({ enum: LOCAL_NODE_STATUSES })
  readonly status!: LocalNodeStatus;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is not joined any more' })
  readonly reason!: string | null;

  @ApiProperty({ type: 'integer', nullable: true, description: 'What it acknowledged; no write waits for it' })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ type: () => MeshStateDto, nullable: true, description: 'null: it never said' })
  readonly mesh!: MeshStateDto | null;

  @ApiProperty({
    type: () => UnreadableDto,
    nullable: true,
    description: 'Where its stream cannot be read from; null: it is read to its end',
  })
  readonly unreadable!: UnreadableDto | null;

  @ApiProperty({ format: 'date-time', description: 'When its credentials end unless they are renewed' })
  readonly expiresAt!: string;
}

export class ListLocalNodesQuery extends PageQuery {
  @OptionalField(parseNetworkName, { example: 'dev' })
  readonly network?: NetworkName;

  @OptionalField(parseUserName, { example: 'ada' })
  readonly user?: UserName;

  @OptionalField(wordOf(LOCAL_NODE_STATUSES), { enum: LOCAL_NODE_STATUSES })
  readonly status?: LocalNodeStatus;
}

export class LocalNodePageDto extends PageDto {
  @ApiProperty({ type: () => [LocalNodeDto] })
  readonly items!: readonly LocalNodeDto[];
}

export class LocalNodeEndDto extends CutDto {
  @ApiProperty()
  readonly nodeId!: string;

  @ApiProperty({ description: 'false: it had ended already' })
  readonly changed!: boolean;

  @ApiProperty({ enum: MESH_NODE_ENDS, description: "What became of it at the mesh's control server" })
  readonly meshNode!: MeshNodeEnd;
}
