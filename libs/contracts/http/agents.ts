import { ApiProperty } from '@nestjs/swagger';
import { type NetworkName, parseNetworkName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import {
  AGENT_NETWORK_STATUSES,
  AGENT_STATUSES,
  type AgentNetworkStatus,
  type AgentStatus,
  MESH_NODE_ENDS,
  type MeshNodeEnd,
} from '../statuses.js';
import { CutDto } from './cut.js';
import { OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { UnreadableDto } from './unreadable.js';

const TRANSPORTS = ['direct', 'tsnet', 'none'] as const;
const REPORTED_MESH_STATES = ['joined', 'joining', 'failed'] as const;
const MESH_STATES = [...REPORTED_MESH_STATES, 'unknown'] as const;

export class LastKnownMeshDto {
  @ApiProperty({ enum: REPORTED_MESH_STATES })
  readonly state!: (typeof REPORTED_MESH_STATES)[number];

  @ApiProperty({ type: String, nullable: true })
  readonly code!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly message!: string | null;

  @ApiProperty({ type: [String] })
  readonly endpoints!: readonly string[];

  @ApiProperty({ format: 'date-time', description: 'When it said so, by the clock of the control plane' })
  readonly at!: string;

  @ApiProperty({ type: 'integer' })
  readonly secondsAgo!: number;
}

export class MeshStateDto {
  @ApiProperty({ enum: TRANSPORTS })
  readonly transport!: (typeof TRANSPORTS)[number];

  @ApiProperty({ enum: MESH_STATES, description: 'unknown: it is not in contact, and may have left or be starting' })
  readonly state!: (typeof MESH_STATES)[number];

  @ApiProperty({ type: String, nullable: true })
  readonly code!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly message!: string | null;

  @ApiProperty({ type: [String] })
  readonly endpoints!: readonly string[];

  @ApiProperty({
    type: () => LastKnownMeshDto,
    nullable: true,
    description: 'What it said last, when state is unknown',
  })
  readonly lastKnown!: LastKnownMeshDto | null;
}

export class AgentNetworkDto {
  @ApiProperty()
  readonly network!: string;

  @ApiProperty({ enum: AGENT_NETWORK_STATUSES })
  readonly status!: AgentNetworkStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;
}

export class RefusedSandboxDto {
  @ApiProperty({ example: 'web2', description: 'What its runtime calls it' })
  readonly name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'sbx-web', description: 'The id that it asks for' })
  readonly sandboxId!: string | null;

  @ApiProperty({ example: 'SANDBOX_ID_TAKEN' })
  readonly code!: string;

  @ApiProperty()
  readonly message!: string;

  @ApiProperty()
  readonly remedy!: string;
}

export class AgentDto {
  @ApiProperty({ example: 'host-a' })
  readonly id!: string;

  @ApiProperty({ enum: AGENT_STATUSES })
  readonly status!: AgentStatus;

  @ApiProperty({ type: String, nullable: true })
  readonly driver!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly softwareVersion!: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly enrolledAt!: string;

  @ApiProperty({ type: () => MeshStateDto, nullable: true, description: 'null: it never said' })
  readonly mesh!: MeshStateDto | null;

  @ApiProperty({ type: [String] })
  readonly sandboxes!: readonly string[];

  @ApiProperty({ type: () => [RefusedSandboxDto], description: 'What its driver cannot take for a sandbox as it is' })
  readonly refused!: readonly RefusedSandboxDto[];

  @ApiProperty({
    type: () => UnreadableDto,
    nullable: true,
    description: 'Where its stream cannot be read from; null: it is read to its end',
  })
  readonly unreadable!: UnreadableDto | null;

  @ApiProperty({ type: () => [AgentNetworkDto] })
  readonly networks!: readonly AgentNetworkDto[];
}

export class ListAgentsQuery extends PageQuery {
  @OptionalField(parseNetworkName, { example: 'dev' })
  readonly network?: NetworkName;

  @OptionalField(wordOf(AGENT_STATUSES), { enum: AGENT_STATUSES })
  readonly status?: AgentStatus;
}

export class AgentPageDto extends PageDto {
  @ApiProperty({ type: () => [AgentDto] })
  readonly items!: readonly AgentDto[];
}

export class AgentRevocationDto extends CutDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ description: 'false: it was revoked already' })
  readonly changed!: boolean;

  @ApiProperty({ type: [String], description: 'Sandboxes that no agent holds any more' })
  readonly sandboxesReleased!: readonly string[];

  @ApiProperty({ enum: MESH_NODE_ENDS, description: "What became of it at the mesh's control server" })
  readonly meshNode!: MeshNodeEnd;
}
