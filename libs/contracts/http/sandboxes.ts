import { ApiProperty } from '@nestjs/swagger';
import { CONFLICT_CODES, ISOLATION_STATES } from '../bus/from-member/inventory.js';
import { type AgentId, type NetworkName, parseAgentId, parseNetworkName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { SANDBOX_STATUSES, type SandboxStatus } from '../statuses.js';
import { type LabelFilter, parseLabelFilter, parseLabelKeys, parseLabels } from '../values.js';
import { AliasDto } from './aliases.js';
import { DNS_STATES, type DnsState } from './attachments.js';
import { OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { UnreadableDto } from './unreadable.js';

const SOURCE = ['verified', 'unverified'] as const;

export class SandboxNetworkDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: () => [AliasDto] })
  readonly aliases!: readonly AliasDto[];
}

export class SandboxContainerDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ example: 'web' })
  readonly name!: string;

  @ApiProperty({ format: 'date-time' })
  readonly startedAt!: string;

  @ApiProperty({ example: '/var/run/docker.sock', description: "Socket of its Engine, on the agent's host" })
  readonly engineSocket!: string;
}

export class LastKnownSandboxDto {
  @ApiProperty({ enum: ISOLATION_STATES })
  readonly isolation!: (typeof ISOLATION_STATES)[number];

  @ApiProperty({ type: String, nullable: true })
  readonly isolationEvidence!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly isolationRemedy!: string | null;

  @ApiProperty({ enum: SOURCE })
  readonly source!: (typeof SOURCE)[number];

  @ApiProperty({ enum: DNS_STATES })
  readonly dns!: DnsState;

  @ApiProperty({ type: String, nullable: true })
  readonly dnsRemedy!: string | null;

  @ApiProperty({ format: 'date-time', description: 'When its agent was heard last, by the clock of the control plane' })
  readonly at!: string;

  @ApiProperty({ type: 'integer' })
  readonly secondsAgo!: number;
}

export class SandboxConflictDto {
  @ApiProperty({ example: 'host-b', description: 'The agent that reports the sandbox too' })
  readonly agentId!: string;

  @ApiProperty({ enum: CONFLICT_CODES, description: 'Why the sandbox is not its own' })
  readonly code!: (typeof CONFLICT_CODES)[number];

  @ApiProperty()
  readonly message!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly remedy!: string | null;
}

export class SandboxDto {
  @ApiProperty({ example: 'sbx-api' })
  readonly id!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly agentId!: string | null;

  @ApiProperty({ enum: SANDBOX_STATUSES })
  readonly status!: SandboxStatus;

  @ApiProperty({ type: String, nullable: true, description: 'Where its agent last saw it; null: no agent has it now' })
  readonly address!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'netns' })
  readonly driver!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels!: { readonly [key: string]: string };

  @ApiProperty({
    enum: [...ISOLATION_STATES, null],
    nullable: true,
    type: String,
    description: 'null: not known now',
  })
  readonly isolation!: (typeof ISOLATION_STATES)[number] | null;

  @ApiProperty({ type: String, nullable: true, description: 'Why isolation is not enforced, as it was seen' })
  readonly isolationEvidence!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly isolationRemedy!: string | null;

  @ApiProperty({ enum: [...SOURCE, null], nullable: true, type: String, description: 'null: not known now' })
  readonly source!: (typeof SOURCE)[number] | null;

  @ApiProperty({ enum: DNS_STATES })
  readonly dns!: DnsState;

  @ApiProperty({ type: String, nullable: true })
  readonly dnsRemedy!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'Network namespace that a command can be run in' })
  readonly namespace!: string | null;

  @ApiProperty({ type: () => SandboxContainerDto, nullable: true, description: 'Container that it runs in' })
  readonly container!: SandboxContainerDto | null;

  @ApiProperty({
    type: () => LastKnownSandboxDto,
    nullable: true,
    description: 'What its agent said last, when that is not in contact now',
  })
  readonly lastKnown!: LastKnownSandboxDto | null;

  @ApiProperty({ type: String, nullable: true, description: 'The other agent that held it last; null: there was none' })
  readonly formerAgentId!: string | null;

  @ApiProperty({ type: String, nullable: true, description: 'The only agent that it may be placed on; null: any' })
  readonly pinnedTo!: string | null;

  @ApiProperty({ type: () => [SandboxConflictDto], description: 'Other agents that report this sandbox' })
  readonly conflicts!: readonly SandboxConflictDto[];

  @ApiProperty({
    type: () => UnreadableDto,
    nullable: true,
    description: 'Where its stream cannot be read from; null: it is read to its end',
  })
  readonly unreadable!: UnreadableDto | null;

  @ApiProperty({ type: () => [SandboxNetworkDto] })
  readonly networks!: readonly SandboxNetworkDto[];
}

export class ListSandboxesQuery extends PageQuery {
  @OptionalField(parseNetworkName, { example: 'dev' })
  readonly network?: NetworkName;

  @OptionalField(parseLabelFilter, { description: '`key` or `key=value`' })
  readonly label?: LabelFilter;

  @OptionalField(wordOf(SANDBOX_STATUSES), { enum: SANDBOX_STATUSES })
  readonly status?: SandboxStatus;
}

export class SandboxPageDto extends PageDto {
  @ApiProperty({ type: () => [SandboxDto] })
  readonly items!: readonly SandboxDto[];
}

export class LabelSandboxDto {
  @OptionalField(parseLabels, { type: 'object', additionalProperties: { type: 'string' } })
  readonly set?: { readonly [key: string]: string };

  @OptionalField(parseLabelKeys, { type: [String], maxItems: 32 })
  readonly remove?: readonly string[];
}

export class ReleaseSandboxDto {
  @OptionalField(parseAgentId, { description: 'Only if it is placed on this agent; left out: wherever it is' })
  readonly agentId?: AgentId;
}

export class PinSandboxDto {
  @OptionalField(parseAgentId, { description: 'The only agent that may place it; left out: the one that has it' })
  readonly agentId?: AgentId;
}

export class SandboxWriteDto {
  @ApiProperty({ type: 'integer', description: 'Version of the sandbox, not of a network' })
  readonly version!: number;

  @ApiProperty()
  readonly changed!: boolean;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'The version of the sandbox since which it has been so, when nothing was written; else null',
  })
  readonly unchangedSince!: number | null;

  @ApiProperty({ type: () => SandboxDto })
  readonly result!: SandboxDto;
}
