import { ApiProperty } from '@nestjs/swagger';
import { MAX_PAGE_SIZE } from '../page-size.js';
import { wholeNumber } from '../values.js';
import { Field, OptionalField } from './fields.js';

/** One event of a network's stream, in words for people. */
export class ChangeDto {
  @ApiProperty({ type: 'integer', description: 'Place in the whole log' })
  readonly position!: number;

  @ApiProperty({ type: String, nullable: true, example: 'dev', description: 'null: its name cannot be read' })
  readonly network!: string | null;

  @ApiProperty()
  readonly networkId!: string;

  @ApiProperty({ type: 'integer', description: 'The topology version that it made' })
  readonly version!: number;

  @ApiProperty({ example: 'PolicyRuleAdded' })
  readonly type!: string;

  @ApiProperty({ example: 'deny label:tier=web to postgres:5432' })
  readonly summary!: string;

  @ApiProperty({
    description:
      'Whether it may take something away from somebody, which an agent at an earlier version may still let through; ' +
      'true where it cannot be read',
  })
  readonly takesAway!: boolean;

  @ApiProperty({ example: 'user:ada' })
  readonly actor!: string;

  @ApiProperty({ format: 'date-time' })
  readonly at!: string;

  @ApiProperty({ type: String, nullable: true })
  readonly sandboxId!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly alias!: string | null;

  @ApiProperty({ type: String, nullable: true })
  readonly ruleId!: string | null;
}

export class ListChangesQuery {
  @Field(wholeNumber(0, Number.MAX_SAFE_INTEGER), {
    type: 'integer',
    minimum: 0,
    description: 'The version that is known: what came after it is answered',
  })
  readonly after!: number;

  @OptionalField(wholeNumber(1, MAX_PAGE_SIZE), { type: 'integer', minimum: 1, maximum: MAX_PAGE_SIZE, default: 100 })
  readonly limit: number = 100;
}

export class ChangesDto {
  @ApiProperty({ example: 'dev' })
  readonly network!: string;

  @ApiProperty({ type: 'integer', description: 'The present version' })
  readonly version!: number;

  @ApiProperty({ type: () => [ChangeDto], description: 'The oldest first' })
  readonly items!: readonly ChangeDto[];

  @ApiProperty({
    type: 'integer',
    description: 'Earlier ones, after the version that is known, that are not among the items',
  })
  readonly leftOut!: number;
}
