import { ApiProperty } from '@nestjs/swagger';
import { type NetworkName, parseNetworkName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { NETWORK_MODES, parseDurationSeconds, parseMode } from '../network-settings.js';
import { NETWORK_STATUSES, type NetworkStatus } from '../statuses.js';
import { type LabelFilter, parseBoolean, parseLabelFilter } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { AppliedSummaryDto, EpochDto } from './status.js';
import { UnreadableDto } from './unreadable.js';
import { NetworkWriteDto } from './writes.js';

export class LastChangeDto {
  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: String, nullable: true, example: 'PolicyRuleAdded', description: 'null: it cannot be read' })
  readonly type!: string | null;

  @ApiProperty({ example: 'deny label:tier=web to postgres:5432' })
  readonly summary!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;
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

  @ApiProperty({ type: 'integer', description: 'Rules about names outside' })
  readonly egressRules!: number;

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

  @ApiProperty({ type: () => AppliedSummaryDto, description: 'How far the present version is applied' })
  readonly applied!: AppliedSummaryDto;

  @ApiProperty({ type: () => LastChangeDto })
  readonly lastChange!: LastChangeDto;

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

  @OptionalField(wordOf(NETWORK_STATUSES), { enum: NETWORK_STATUSES })
  readonly status?: NetworkStatus;
}

export class UnknownNetworkDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ type: String, nullable: true, description: 'As agents call it; null: none has said yet' })
  readonly name!: string | null;

  @ApiProperty({ type: [String], description: 'Agents that hold it' })
  readonly agents!: readonly string[];
}

export class NetworkPageDto extends PageDto {
  @ApiProperty({ type: () => [NetworkDto] })
  readonly items!: readonly NetworkDto[];

  @ApiProperty({
    type: () => [UnknownNetworkDto],
    description: 'Networks that agents hold and the store does not know (EPOCH_REGRESSED), on every page',
  })
  readonly unknown!: readonly UnknownNetworkDto[];
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
