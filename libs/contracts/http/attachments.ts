import { ApiProperty } from '@nestjs/swagger';
import { type AliasName, parseAliasName, parseSandboxId, type SandboxId } from '../ids.js';
import type { AliasPort } from '../ports.js';
import { type LabelFilter, parseBoolean, parseLabelFilter, parsePortList } from '../values.js';
import { AliasDto, PORT_LIST_SCHEMA, REPLACE_PORTS_SCHEMA } from './aliases.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { NetworkWriteDto } from './writes.js';

export const DNS_STATES = ['active', 'restart-required', 'unknown'] as const;
export type DnsState = (typeof DNS_STATES)[number];

export class LastKnownDnsDto {
  @ApiProperty({ enum: DNS_STATES })
  readonly dns!: DnsState;

  @ApiProperty({ type: String, nullable: true })
  readonly dnsRemedy!: string | null;

  @ApiProperty({ format: 'date-time', description: 'When its agent was heard last, by the clock of the control plane' })
  readonly at!: string;

  @ApiProperty({ type: 'integer' })
  readonly secondsAgo!: number;
}

export class AttachmentDto {
  @ApiProperty()
  readonly sandboxId!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly agentId!: string | null;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' } })
  readonly labels!: { readonly [key: string]: string };

  @ApiProperty({ type: () => [AliasDto] })
  readonly aliases!: readonly AliasDto[];

  @ApiProperty({ enum: DNS_STATES, description: 'Whether the sandbox asks its agent for names' })
  readonly dns!: DnsState;

  @ApiProperty({ type: String, nullable: true, description: 'What to do for dns to become active' })
  readonly dnsRemedy!: string | null;

  @ApiProperty({
    type: () => LastKnownDnsDto,
    nullable: true,
    description: 'What its agent said last, when that is not in contact now',
  })
  readonly lastKnown!: LastKnownDnsDto | null;
}

export class AttachDto {
  @Field(parseSandboxId, { example: 'sbx-api' })
  readonly sandboxId!: SandboxId;

  @OptionalField(parseAliasName, { example: 'api', description: 'Together with ports, or neither' })
  readonly alias?: AliasName;

  @OptionalField(parsePortList, PORT_LIST_SCHEMA)
  readonly ports?: readonly AliasPort[];

  @OptionalField(parseBoolean, { type: Boolean, default: false })
  readonly inheritRules?: boolean;

  @OptionalField(parseBoolean, REPLACE_PORTS_SCHEMA)
  readonly replacePorts?: boolean;
}

export class ListAttachmentsQuery extends PageQuery {
  @OptionalField(parseLabelFilter, { description: '`key` or `key=value`' })
  readonly label?: LabelFilter;
}

export class AttachmentPageDto extends PageDto {
  @ApiProperty({ type: () => [AttachmentDto] })
  readonly items!: readonly AttachmentDto[];
}

export class AttachmentWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => AttachmentDto })
  readonly result!: AttachmentDto;
}

export class DetachedDto {
  @ApiProperty()
  readonly sandboxId!: string;

  @ApiProperty({ type: [String] })
  readonly aliasesRemoved!: readonly string[];

  @ApiProperty({ type: 'integer', description: 'Rules that still name one of these aliases' })
  readonly rulesLeft!: number;
}

export class DetachmentDto extends NetworkWriteDto {
  @ApiProperty({ type: () => DetachedDto })
  readonly result!: DetachedDto;
}
