import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  type DeclaredEgressRule,
  type DeclaredRule,
  type DeclaredSandbox,
  parseDeclaredEgress,
  parseDeclaredRules,
  parseDeclaredSandboxes,
} from '../declarations.js';
import { OUTSIDE_NAME_FORM } from '../outside-names.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseBoolean } from '../values.js';
import { PORT_LIST_SCHEMA, PortDto } from './aliases.js';
import { parseGivenPattern } from './egress.js';
import { OptionalField } from './fields.js';
import { PreviewDto, ReachedDto } from './previews.js';
import { NetworkWriteDto } from './writes.js';

type Properties = Extract<ApiPropertyOptions, { readonly properties?: unknown }>['properties'];
const RULE_SCHEMA: Properties = {
  effect: { type: 'string', enum: [...EFFECTS] },
  from: { type: 'string', description: SELECTOR_FORMS },
  port: { type: 'integer', minimum: 1, maximum: 65_535 },
};

/** What a network is to hold. */
export class ApplyDeclarationDto {
  @OptionalField(parseDeclaredSandboxes, {
    type: 'array',
    items: {
      type: 'object',
      required: ['sandbox'],
      properties: {
        sandbox: { type: 'string', example: 'sbx-api' },
        aliases: {
          type: 'array',
          items: {
            type: 'object',
            required: ['alias', 'ports'],
            properties: {
              alias: { type: 'string', example: 'api' },
              ports: { type: 'array', items: { oneOf: [{ type: 'string' }, { type: 'integer' }, { type: 'object' }] } },
            },
          },
        },
      },
    },
    description: `Sandboxes to attach, each once, with all that they publish. ${PORT_LIST_SCHEMA.description}`,
  })
  readonly sandboxes?: readonly DeclaredSandbox[];

  @OptionalField(parseDeclaredRules, {
    type: 'array',
    items: {
      type: 'object',
      required: ['effect', 'from', 'to', 'port'],
      properties: { ...RULE_SCHEMA, to: { type: 'string', example: 'api' } },
    },
    description: 'Policy rules, each once',
  })
  readonly rules?: readonly DeclaredRule[];

  @OptionalField(parseDeclaredEgress(parseGivenPattern), {
    type: 'array',
    items: {
      type: 'object',
      required: ['effect', 'from', 'to', 'port'],
      properties: {
        ...RULE_SCHEMA,
        to: { type: 'string', description: OUTSIDE_NAME_FORM },
        private: { type: 'boolean', default: false },
        via: { type: 'string', nullable: true },
      },
    },
    description: 'Rules about names outside, each once',
  })
  readonly egress?: readonly DeclaredEgressRule[];

  @OptionalField(parseBoolean, { type: Boolean, default: false, description: 'Remove what is not declared' })
  readonly prune?: boolean;
}

export class DeclaredAliasDto {
  @ApiProperty({ example: 'api' })
  readonly alias!: string;

  @ApiProperty({ type: () => [PortDto] })
  readonly ports!: readonly PortDto[];
}

export class DeclaredSandboxDto {
  @ApiProperty({ example: 'sbx-api' })
  readonly sandbox!: string;

  @ApiProperty({ type: () => [DeclaredAliasDto] })
  readonly aliases!: readonly DeclaredAliasDto[];
}

export class DeclaredRuleDto {
  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;

  @ApiProperty({ example: 'local', description: SELECTOR_FORMS })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly to!: string;

  @ApiProperty({ type: 'integer', example: 8080 })
  readonly port!: number;
}

export class DeclaredEgressRuleDto extends DeclaredRuleDto {
  @ApiProperty()
  readonly private!: boolean;

  @ApiProperty({ type: String, nullable: true })
  readonly via!: string | null;
}

/** The present state of a network, as it is declared. */
export class DeclarationDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer' })
  readonly version!: number;

  @ApiProperty({ type: () => [DeclaredSandboxDto] })
  readonly sandboxes!: readonly DeclaredSandboxDto[];

  @ApiProperty({ type: () => [DeclaredRuleDto] })
  readonly rules!: readonly DeclaredRuleDto[];

  @ApiProperty({ type: () => [DeclaredEgressRuleDto] })
  readonly egress!: readonly DeclaredEgressRuleDto[];
}

export class DeclaredChangesDto {
  @ApiProperty({ type: 'integer', description: 'How many single changes it takes' })
  readonly count!: number;

  @ApiProperty({ type: [String], description: 'The first of them in words, in order' })
  readonly changes!: readonly string[];

  @ApiProperty({ type: () => [ReachedDto] })
  readonly gained!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly gainedLeftOut!: number;

  @ApiProperty({ type: () => [ReachedDto] })
  readonly lost!: readonly ReachedDto[];

  @ApiProperty({ type: 'integer' })
  readonly lostLeftOut!: number;
}

export class DeclarationWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => DeclaredChangesDto })
  readonly result!: DeclaredChangesDto;
}

export class DeclarationPreviewDto extends PreviewDto {
  @ApiProperty({ type: 'integer', description: 'How many single changes it would take' })
  readonly count!: number;

  @ApiProperty({ type: [String], description: 'The first of them in words, in order' })
  readonly changes!: readonly string[];
}
