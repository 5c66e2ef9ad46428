import { ApiProperty } from '@nestjs/swagger';
import {
  AGENT_STATUSES,
  type AgentStatus,
  LOCAL_NODE_STATUSES,
  type LocalNodeStatus,
  NETWORK_STATUSES,
  type NetworkStatus,
} from '../statuses.js';
import { boundedText } from '../values.js';
import { MeshStateDto } from './agents.js';
import { OptionalField } from './fields.js';
import { AppliedSummaryDto, EpochDto } from './status.js';

export const RESYNC_REASONS = ['TOO_FAR_BEHIND', 'ANOTHER_HISTORY', 'NEW_EPOCH'] as const;
export type ResyncReason = (typeof RESYNC_REASONS)[number];

export class EventsQuery {
  @OptionalField(boundedText(0, 64, 'the id of an event of this stream'), {
    description: 'As the header Last-Event-ID, which goes before it',
  })
  readonly lastEventId?: string;
}

export class HelloEventDto {
  @ApiProperty({ type: 'integer', description: 'Where the log ends now' })
  readonly position!: number;

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ type: 'integer' })
  readonly heartbeatSeconds!: number;

  @ApiProperty({ description: 'true: every event of the log since Last-Event-ID follows, each once' })
  readonly resumed!: boolean;
}

export class ResyncEventDto {
  @ApiProperty({ enum: RESYNC_REASONS })
  readonly reason!: ResyncReason;

  @ApiProperty({ type: 'integer' })
  readonly position!: number;
}

/** An event on a stream that is not a network's. */
abstract class LogEventDto {
  @ApiProperty({ type: 'integer', description: 'Place in the whole log' })
  readonly position!: number;

  @ApiProperty()
  readonly type!: string;

  @ApiProperty()
  readonly summary!: string;

  @ApiProperty({ example: 'user:ada' })
  readonly actor!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;
}

export class SandboxEventDto extends LogEventDto {
  @ApiProperty({ example: 'sbx-api' })
  readonly sandboxId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'The agent that has it now' })
  readonly agentId!: string | null;
}

export class AgentEventDto extends LogEventDto {
  @ApiProperty({ example: 'host-a' })
  readonly agentId!: string;
}

export class LocalNodeEventDto extends LogEventDto {
  @ApiProperty({ example: 'laptop-0a1b2c3d4e' })
  readonly nodeId!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly network!: string | null;
}

export class NetworkStateEventDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ enum: NETWORK_STATUSES })
  readonly status!: NetworkStatus;

  @ApiProperty({ type: () => AppliedSummaryDto })
  readonly applied!: AppliedSummaryDto;
}

export class AgentStateEventDto {
  @ApiProperty({ example: 'host-a' })
  readonly agentId!: string;

  @ApiProperty({ enum: AGENT_STATUSES })
  readonly status!: AgentStatus;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;

  @ApiProperty({ type: () => MeshStateDto, nullable: true })
  readonly mesh!: MeshStateDto | null;
}

export class SandboxStateEventDto {
  @ApiProperty({ type: [String], description: 'What their agents report of these may be another by now' })
  readonly sandboxIds!: readonly string[];
}

export class LocalNodeStateEventDto {
  @ApiProperty({ example: 'laptop-0a1b2c3d4e' })
  readonly nodeId!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly network!: string | null;

  @ApiProperty({ enum: LOCAL_NODE_STATUSES })
  readonly status!: LocalNodeStatus;

  @ApiProperty({ type: 'integer', nullable: true })
  readonly appliedVersion!: number | null;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly lastContactAt!: string | null;
}

class HeartbeatContactDto {
  @ApiProperty({ example: 'host-a' })
  readonly agentId!: string;

  @ApiProperty({ format: 'date-time' })
  readonly lastContactAt!: string;
}

export class HeartbeatEventDto {
  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ type: 'integer', description: 'Where the log ends now' })
  readonly position!: number;

  @ApiProperty({ type: () => [HeartbeatContactDto], description: 'Agents that were heard since the last heartbeat' })
  readonly contacts!: readonly HeartbeatContactDto[];
}
