import { ApiProperty } from '@nestjs/swagger';
import { CodedError, InvalidInputError } from '../errors.js';
import { type NetworkName, parseNetworkName } from '../ids.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { EpochDto, NETWORK_STATUSES, type NetworkStatus } from './status.js';
import {
  type LabelFilter,
  MAX_STALENESS_SECONDS,
  MIN_STALENESS_SECONDS,
  oneOf,
  parseBoolean,
  parseLabelFilter,
} from './values.js';
import { NetworkWriteDto } from './writes.js';

export const NETWORK_MODES = ['agent_proxy'] as const;

/** `routed_mesh` is a known mode that no host offers yet. */
export class ModeUnavailableError extends CodedError {
  constructor() {
    super(
      'MODE_UNAVAILABLE',
      'mode routed_mesh is not available on any host',
      'create the network with mode agent_proxy',
    );
  }
}

function parseMode(value: unknown, field: string): 'agent_proxy' {
  if (value === 'routed_mesh') throw new ModeUnavailableError();
  return oneOf(NETWORK_MODES)(value, field);
}

/** `90s`, `30m`, `24h`, `7d`, or seconds as a number; throws InvalidInputError. */
export function parseDurationSeconds(value: unknown, field: string): number {
  const accepted = 'a time from 60s to 30d, such as 90s, 30m, 24h or 7d';
  const unit: { readonly [letter: string]: number } = { s: 1, m: 60, h: 3_600, d: 86_400 };
  const match = /^([1-9][0-9]{0,6})([smhd]?)$/.exec(typeof value === 'number' ? String(value) : String(value ?? ''));
  if (match === null || (typeof value !== 'string' && typeof value !== 'number')) {
    throw new InvalidInputError(field, value, accepted);
  }
  const seconds = Number(match[1]) * (unit[match[2] ?? ''] ?? 1);
  if (seconds < MIN_STALENESS_SECONDS || seconds > MAX_STALENESS_SECONDS) {
    throw new InvalidInputError(field, value, accepted);
  }
  return seconds;
}

export class NetworkDto {
  @ApiProperty({ example: '0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11' })
  readonly id!: string;

  @ApiProperty({ example: 'dev' })
  readonly name!: string;

  @ApiProperty({ example: 'dev.gstacks' })
  readonly suffix!: string;

  @ApiProperty({ enum: NETWORK_MODES })
  readonly mode!: 'agent_proxy';

  @ApiProperty({ type: 'integer', description: 'Topology version' })
  readonly version!: number;

  @ApiProperty({ type: () => EpochDto })
  readonly epoch!: EpochDto;

  @ApiProperty({ enum: NETWORK_STATUSES })
  readonly status!: NetworkStatus;

  @ApiProperty({ type: 'integer' })
  readonly maxStalenessSeconds!: number;

  @ApiProperty({ type: 'integer' })
  readonly sandboxes!: number;

  @ApiProperty({ type: 'integer' })
  readonly aliases!: number;

  @ApiProperty({ type: 'integer' })
  readonly rules!: number;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;
}

export class CreateNetworkDto {
  @Field(parseNetworkName, { example: 'dev' })
  readonly name!: NetworkName;

  @OptionalField(parseMode, { enum: NETWORK_MODES, default: 'agent_proxy' })
  readonly mode?: 'agent_proxy';

  @OptionalField(parseDurationSeconds, {
    oneOf: [{ type: 'string' }, { type: 'integer' }],
    example: '24h',
    description: 'How long an agent serves without contact',
  })
  readonly maxStaleness?: number;
}

export class ListNetworksQuery extends PageQuery {
  @OptionalField(parseLabelFilter, { description: 'Networks with an attached sandbox of this label' })
  readonly label?: LabelFilter;

  @OptionalField(oneOf(NETWORK_STATUSES), { enum: NETWORK_STATUSES })
  readonly status?: NetworkStatus;
}

export class NetworkPageDto extends PageDto {
  @ApiProperty({ type: () => [NetworkDto] })
  readonly items!: readonly NetworkDto[];
}

export class NetworkCreationDto extends NetworkWriteDto {
  @ApiProperty({ type: () => NetworkDto })
  readonly result!: NetworkDto;
}

export class DeleteNetworkQuery {
  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Detach every sandbox first' })
  readonly detachAll?: boolean;
}

export class NetworkDeletedDto {
  @ApiProperty({ type: [String] })
  readonly detached!: readonly string[];
}

export class NetworkDeletionDto extends NetworkWriteDto {
  @ApiProperty({ type: () => NetworkDeletedDto })
  readonly result!: NetworkDeletedDto;
}
