import { ApiProperty } from '@nestjs/swagger';
import { parseUserName, type UserName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { wholeNumber } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';

/** Each role may do what the one before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];
export const DEFAULT_TOKEN_SECONDS = 30 * 86_400;
const MAX_TOKEN_SECONDS = 366 * 86_400;

export class SessionDto {
  @ApiProperty({ example: 'admin' })
  readonly user!: string;

  @ApiProperty({ enum: ROLES })
  readonly role!: Role;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly expiresAt!: string | null;
}

export class CreateTokenDto {
  @Field(parseUserName, { example: 'ada' })
  readonly user!: UserName;

  @Field(wordOf(ROLES), { enum: ROLES })
  readonly role!: Role;

  @OptionalField(wholeNumber(60, MAX_TOKEN_SECONDS), {
    type: 'integer',
    minimum: 60,
    maximum: MAX_TOKEN_SECONDS,
    default: DEFAULT_TOKEN_SECONDS,
  })
  readonly expiresInSeconds?: number;
}

export class TokenDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly user!: string;

  @ApiProperty({ enum: ROLES })
  readonly role!: Role;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly expiresAt!: string | null;
}

export class NewTokenDto extends TokenDto {
  @ApiProperty({ description: 'Shown once' })
  readonly token!: string;
}

export class ListTokensQuery extends PageQuery {}

export class TokenPageDto extends PageDto {
  @ApiProperty({ type: () => [TokenDto] })
  readonly items!: readonly TokenDto[];
}
