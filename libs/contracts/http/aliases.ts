import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { type AliasName, parseAliasName, parseSandboxId, type SandboxId } from '../ids.js';
import type { AliasPort } from '../ports.js';
import { parseBoolean, parsePortList } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { NetworkWriteDto } from './writes.js';

export const PORT_LIST_SCHEMA: ApiPropertyOptions = {
  type: 'array',
  items: {
    oneOf: [
      { type: 'string' },
      { type: 'integer' },
      {
        type: 'object',
        required: ['published'],
        properties: { published: { type: 'integer' }, target: { type: 'integer' } },
      },
    ],
  },
  minItems: 1,
  maxItems: 32,
  example: ['8080', '80:8080'],
  description: 'Ports, `published` or `published:inside`, or as they are answered, `{published, target}`',
};

export const REPLACE_PORTS_SCHEMA: ApiPropertyOptions = {
  type: Boolean,
  default: false,
  description: 'Publish these ports alone, where they would join those that the alias publishes already',
};

export class PortDto {
  @ApiProperty({ type: 'integer', description: 'What clients dial' })
  readonly published!: number;

  @ApiProperty({ type: 'integer', description: 'What is dialled inside the sandbox' })
  readonly target!: number;
}

export class AliasDto {
  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty({ example: 'api.dev.gstacks' })
  readonly name!: string;

  @ApiProperty()
  readonly sandboxId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: no agent holds the sandbox now' })
  readonly agentId!: string | null;

  @ApiProperty({ type: () => [PortDto] })
  readonly ports!: readonly PortDto[];
}

const LISTENER_TROUBLES = ['failed', 'pending', 'unknown'] as const;

export class AliasTroubleDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({
    enum: LISTENER_TROUBLES,
    description: 'pending: the agent has not applied the alias yet; unknown: it is not in contact',
  })
  readonly state!: (typeof LISTENER_TROUBLES)[number];

  @ApiProperty({ type: String, nullable: true })
  readonly code!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly message!: string | null;
}

export class AliasListenersDto {
  @ApiProperty({ type: 'integer', description: 'Agents that answer the name and listen for it' })
  readonly up!: number;

  @ApiProperty({ type: 'integer' })
  readonly expected!: number;

  @ApiProperty({ type: () => [AliasTroubleDto], description: 'The first of the others' })
  readonly troubles!: readonly AliasTroubleDto[];
}

export class ListedAliasDto extends AliasDto {
  @ApiProperty({ type: () => AliasListenersDto })
  readonly listeners!: AliasListenersDto;
}

export class PublishAliasDto {
  @Field(parseSandboxId, { example: 'sbx-api' })
  readonly sandboxId!: SandboxId;

  @Field(parseAliasName, { example: 'api' })
  readonly alias!: AliasName;

  @Field(parsePortList, PORT_LIST_SCHEMA)
  readonly ports!: readonly AliasPort[];

  @OptionalField(parseBoolean, {
    type: Boolean,
    default: false,
    description: 'Take over the rules that were left for this alias by another sandbox',
  })
  readonly inheritRules?: boolean;

  @OptionalField(parseBoolean, REPLACE_PORTS_SCHEMA)
  readonly replacePorts?: boolean;
}

export class ListAliasesQuery extends PageQuery {}

export class AliasPageDto extends PageDto {
  @ApiProperty({ type: () => [ListedAliasDto] })
  readonly items!: readonly ListedAliasDto[];
}

export class AliasWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => AliasDto })
  readonly result!: AliasDto;
}

export class AliasRemovedDto {
  @ApiProperty()
  readonly alias!: string;

  @ApiProperty({ type: 'integer', description: 'Rules that still name this alias' })
  readonly rulesLeft!: number;
}

export class AliasRemovalDto extends NetworkWriteDto {
  @ApiProperty({ type: () => AliasRemovedDto })
  readonly result!: AliasRemovedDto;
}

export class AliasAddressDto {
  @ApiProperty()
  readonly agentId!: string;

  @ApiProperty({ type: String, nullable: true, description: 'null: the agent did not answer, or has none' })
  readonly address!: string | null;
}

export class ResolutionDto extends AliasDto {
  @ApiProperty({ type: () => [AliasAddressDto], description: 'Where each participating agent listens for it' })
  readonly addresses!: readonly AliasAddressDto[];

  @ApiProperty({ type: 'integer' })
  readonly version!: number;
}
