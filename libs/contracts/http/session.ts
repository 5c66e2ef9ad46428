import { ApiProperty } from '@nestjs/swagger';
import { parseUserName, type UserName } from '../ids.js';
import { wordOf } from '../json-fields.js';
import { wholeNumber } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';

/** Each of these roles may do what the one before it may. */
export const RANKED_ROLES = ['viewer', 'operator', 'admin'] as const;
export type RankedRole = (typeof RANKED_ROLES)[number];
/** A joiner stands apart: it joins networks with machines of its own, and sees nothing else. */
export const ROLES = ['viewer', 'joiner', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];
export const PRINCIPAL_KINDS = ['token', 'session'] as const;
export const DEFAULT_TOKEN_SECONDS = 30 * 86_400;
const MAX_TOKEN_SECONDS = 366 * 86_400;

export class SessionDto {
  @ApiProperty({ example: 'admin' })
  readonly user!: string;

  @ApiProperty({ enum: ROLES })
  readonly role!: Role;

  @ApiProperty({ type: String, nullable: true, format: 'date-time' })
  readonly expiresAt!: string | null;

  @ApiProperty({ enum: PRINCIPAL_KINDS, description: 'session: signed in to the console' })
  readonly kind!: (typeof PRINCIPAL_KINDS)[number];

  @ApiProperty({ type: String, nullable: true, description: 'null: a token was shown' })
  readonly sessionId!: string | null;
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

  @ApiProperty({ type: String, nullable: true, format: 'date-time', description: 'To a minute; null: never' })
  readonly lastUsedAt!: string | null;
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
