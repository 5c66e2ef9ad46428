import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { InvalidInputError } from '../errors.js';
import { type NetworkName, parseNetworkName, parseUserName, type UserName } from '../ids.js';
import { listOf, wordOf } from '../json-fields.js';
import { ROLES, ROLES_WITH_JOIN_NETWORKS, type Role } from '../roles.js';
import { wholeNumber } from '../values.js';
import { Field, OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';

export const PRINCIPAL_KINDS = ['token', 'session'] as const;
export const DEFAULT_TOKEN_SECONDS = 30 * 86_400;
const MAX_TOKEN_SECONDS = 366 * 86_400;
const MAX_JOIN_NETWORKS = 64;

const JOIN_NETWORKS_SCHEMA: ApiPropertyOptions = {
  type: [String],
  nullable: true,
  example: ['dev'],
  description: 'Networks that machines may join with it; null: as its role says, viewers none and all others every one',
};

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

  @ApiProperty(JOIN_NETWORKS_SCHEMA)
  readonly joinNetworks!: readonly string[] | null;
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

  @OptionalField(parseJoinNetworks, {
    type: 'array',
    items: { type: 'string' },
    minItems: 1,
    maxItems: MAX_JOIN_NETWORKS,
    example: ['dev'],
    description: `With the roles ${ROLES_WITH_JOIN_NETWORKS.join(' and ')}: the networks that machines may join with it`,
  })
  readonly joinNetworks?: readonly NetworkName[];
}

/** A list of distinct network names; throws InvalidInputError. */
function parseJoinNetworks(value: unknown, field: string): readonly NetworkName[] {
  const names = listOf(parseNetworkName, MAX_JOIN_NETWORKS)(value, field);
  if (names.length === 0) throw new InvalidInputError(field, 'an empty list', 'the name of one network at least');
  return [...new Set(names)];
}

export class TokenDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty()
  readonly user!: string;

  @ApiProperty({ enum: ROLES })
  readonly role!: Role;

  @ApiProperty(JOIN_NETWORKS_SCHEMA)
  readonly joinNetworks!: readonly string[] | null;

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
