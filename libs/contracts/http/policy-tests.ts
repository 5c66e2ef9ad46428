import { ApiProperty } from '@nestjs/swagger';
import { type AliasName, parseAliasName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { parseTcpPort } from '../ports.js';
import { EFFECTS, type Effect } from '../rules.js';
import { SELECTOR_FORMS } from '../selectors.js';
import { parseSelectorText } from '../values.js';
import { Field } from './fields.js';
import { PageDto, PageQuery } from './page.js';
import { NetworkWriteDto } from './writes.js';

export class AddPolicyTestDto {
  @Field(parseSelectorText, { example: 'web', description: SELECTOR_FORMS })
  readonly from!: string;

  @Field(parseAliasName, { example: 'api' })
  readonly to!: AliasName;

  @Field(parseTcpPort, { type: 'integer', minimum: 1, maximum: 65_535 })
  readonly port!: number;

  @Field(wordOf(EFFECTS), { enum: EFFECTS, description: 'The verdict that is to stay' })
  readonly effect!: Effect;
}

export class PolicyTestDto {
  @ApiProperty({ example: 'test-4f9c21ab' })
  readonly id!: string;

  @ApiProperty({ example: 'web', description: SELECTOR_FORMS })
  readonly from!: string;

  @ApiProperty({ example: 'api' })
  readonly to!: string;

  @ApiProperty({ type: 'integer', example: 8080 })
  readonly port!: number;

  @ApiProperty({ enum: EFFECTS })
  readonly effect!: Effect;
}

export class ListedPolicyTestDto extends PolicyTestDto {
  @ApiProperty({ description: 'Whether the verdict is so now: labels of sandboxes change it without asking' })
  readonly holds!: boolean;

  @ApiProperty({ type: 'integer', description: 'The version that brought it' })
  readonly since!: number;
}

export class ListPolicyTestsQuery extends PageQuery {}

export class PolicyTestPageDto extends PageDto {
  @ApiProperty({ type: () => [ListedPolicyTestDto] })
  readonly items!: readonly ListedPolicyTestDto[];
}

export class PolicyTestWriteDto extends NetworkWriteDto {
  @ApiProperty({ type: () => PolicyTestDto })
  readonly result!: PolicyTestDto;
}
