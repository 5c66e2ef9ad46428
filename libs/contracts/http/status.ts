import { ApiProperty } from '@nestjs/swagger';
import {
  AGENT_NETWORK_STATUSES,
  type AgentNetworkStatus,
  LOCAL_NODE_STATUSES,
  type LocalNodeStatus,
  NETWORK_STATUSES,
  type NetworkStatus,
} from '../statuses.js';
import { MAX_WAIT_SECONDS, wholeNumber } from '../values.js';
import { MeshStateDto } from './agents.js';
import { OptionalField } from './fields.js';
import { SandboxConflictDto } from './sandboxes.js';
import { UnreadableDto } from './unreadable.js';

export class EpochDto {
  @ApiProperty({ type: 'integer' })
  readonly counter!: number;

  @ApiProperty()
  readonly id!: string;
}

export class AliasFailureDto {
  @ApiProperty()
  readonly alias!: string;

  @ApiProperty()
  readonly code!: string;

  @ApiProperty()
  readonly message!: string;
}

export class RefusedFlowsDto {
  @ApiProperty({ example: 'DEFAULT_DENY' })
  readonly code!: string;

  @ApiProperty({ type: 'integer' })
  readonly count!: number;
}

/** Agents named in one answer. */
export const MOST_MISSING = 20;

export class MissingAgentDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ enum: AGENT_NETWORK_STATUSES })
  readonly status!: AgentNetworkStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: String, nullable: true })
  readonly reason!: string | null;
}

export class AppliedSummaryDto {
  @ApiProperty({ type: 'integer', description: 'Agents that follow the present version' })
  readonly confirmed!: number;

  @ApiProperty({ type: 'integer', description: 'Agents that are to' })
  readonly expected!: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'From the write to the last acknowledgement; null: not all have acknowledged, or it is not known',
  })
  readonly elapsedMs!: number | null;

  @ApiProperty({ type: 'integer', description: 'Open connections cut for this version so far, each counted once' })
  readonly flowsCut!: number;

  @ApiProperty({ type: () => [MissingAgentDto], maxItems: MOST_MISSING, description: 'The first of the others' })
  readonly missing!: readonly MissingAgentDto[];
}

export class AgentNetworkStatusDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ enum: AGENT_NETWORK_STATUSES })
  readonly status!: AgentNetworkStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly appliedAt!: string | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ type: () => MeshStateDto, nullable: true, description: 'null: it never said' })
  readonly mesh!: MeshStateDto | null;

  @ApiProperty({ type: () => [AliasFailureDto], description: 'Aliases that this agent could not bring up' })
  readonly failures!: readonly AliasFailureDto[];

  @ApiProperty({
    type: () => [RefusedFlowsDto],
    description: 'Connections of this network that this agent has refused since it started, by reason, the most first',
  })
  readonly refusedFlows!: readonly RefusedFlowsDto[];

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'Open connections it cut for the present version; null: it has not acknowledged that',
  })
  readonly flowsCut!: number | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description:
      'How many milliseconds after the present version was written this agent acknowledged it; null: it has not yet',
  })
  readonly tookMs!: number | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why it is not SYNCED' })
  readonly reason!: string | null;
}

export class LocalNodeStatusDto {
  @ApiProperty({ example: 'laptop-0a1b2c3d4e' })
  readonly nodeId!: string;

  @ApiProperty({ example: 'ada' })
  readonly user!: string;

  @ApiProperty({ example: 'laptop' })
  readonly machine!: string;

  @ApiProperty({ enum: LOCAL_NODE_STATUSES })
  readonly status!: LocalNodeStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt!: string;

  @ApiProperty({ type: () => MeshStateDto, nullable: true, description: 'null: it never said' })
  readonly mesh!: MeshStateDto | null;
}

export class SandboxPlacementDto {
  @ApiProperty({ example: 'sbx-api' })
  readonly sandboxId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: no agent holds it, and its names lead nowhere' })
  readonly agentId!: string | null;

  @ApiProperty({ type: 'integer', description: 'The version of the network since which it is there' })
  readonly since!: number;

  @ApiProperty({ type: String, nullable: true, description: 'The other agent that held it last; null: there was none' })
  readonly formerAgentId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The only agent that it may be placed on; null: any' })
  readonly pinnedTo!: string | null;

  @ApiProperty({ type: () => [SandboxConflictDto], description: 'Other agents that report this sandbox' })
  readonly conflicts!: readonly SandboxConflictDto[];
}

export class NetworkStatusDto {
  @ApiProperty()
  readonly network!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ enum: NETWORK_STATUSES })
  readonly status!: NetworkStatus;

  @ApiProperty({
    type: () => UnreadableDto,
    nullable: true,
    description: 'Where its stream cannot be read from; null: it is read to its end',
  })
  readonly unreadable!: UnreadableDto | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The version that cut it off; null: it is not quarantined',
  })
  readonly quarantinedSince!: number | null;

  @ApiProperty({ type: () => [AgentNetworkStatusDto] })
  readonly agents!: readonly AgentNetworkStatusDto[];

  @ApiProperty({
    type: () => [SandboxPlacementDto],
    description: 'Attached sandboxes that moved, that no agent holds, or that several agents report',
  })
  readonly placements!: readonly SandboxPlacementDto[];

  @ApiProperty({ type: () => [LocalNodeStatusDto], description: "Developers' machines: no write waits for them" })
  readonly localNodes!: readonly LocalNodeStatusDto[];
}

export class AppliedQuery {
  @OptionalField(wholeNumber(0, MAX_WAIT_SECONDS), {
    type: 'integer',
    minimum: 0,
    maximum: MAX_WAIT_SECONDS,
    default: 0,
    description: 'How long to wait for the acknowledgements',
  })
  readonly waitSeconds?: number;
}

export class AppliedAgentDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ enum: AGENT_NETWORK_STATUSES, description: 'SYNCED: it acknowledged exactly this version' })
  readonly status!: AgentNetworkStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: 'integer' })
  readonly flowsCut!: number;

  @ApiProperty({ type: 'integer', nullable: true, description: 'From the write to its acknowledgement; null: none' })
  readonly tookMs!: number | null;

  @ApiProperty({ type: String, nullable: true })
  readonly reason!: string | null;
}

export class AppliedDto {
  @ApiProperty()
  readonly network!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: 'integer', description: 'Agents that acknowledged this version' })
  readonly confirmed!: number;

  @ApiProperty({ type: 'integer', description: 'Agents that take part, before this version or after it' })
  readonly expected!: number;

  @ApiProperty({ type: 'integer', description: 'From the write to the last acknowledgement, or till now' })
  readonly elapsedMs!: number;

  @ApiProperty({ type: 'integer', description: 'Open connections cut, each counted once' })
  readonly flowsCut!: number;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'A later version that an agent went to directly: this one is not proven',
  })
  readonly supersededBy!: number | null;

  @ApiProperty({ type: () => [AppliedAgentDto] })
  readonly agents!: readonly AppliedAgentDto[];
}
