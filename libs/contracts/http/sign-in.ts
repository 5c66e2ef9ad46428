import { ApiProperty } from '@nestjs/swagger';
import { parseUserName, type UserName } from '../ids.js';
import { RANKED_ROLES, type RankedRole } from '../roles.js';
import { boundedText, wholeNumber } from '../values.js';
import { OptionalField } from './fields.js';
import { PageDto, PageQuery } from './page.js';

const DEFAULT_CODE_SECONDS = 60;
const [MIN_CODE_SECONDS, MAX_CODE_SECONDS] = [10, 600];
const parseSecret = boundedText(1, 512, 'text of 1 to 512 characters');

export class CreateSignInCodeDto {
  @OptionalField(wholeNumber(MIN_CODE_SECONDS, MAX_CODE_SECONDS), {
    type: 'integer',
    minimum: MIN_CODE_SECONDS,
    maximum: MAX_CODE_SECONDS,
    default: DEFAULT_CODE_SECONDS,
  })
  readonly expiresInSeconds: number = DEFAULT_CODE_SECONDS;
}

export class SignInCodeDto {
  @ApiProperty({ description: 'Shown once, and good for one sign-in' })
  readonly code!: string;

  @ApiProperty({ description: "What follows the console's address; the code is in the fragment, which no log sees" })
  readonly path!: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt!: string;
}

export class SignInDto {
  @OptionalField(parseSecret, { description: 'A one-time code' })
  readonly code?: string;

  @OptionalField(parseSecret, { description: 'An API token, in place of a code' })
  readonly token?: string;
}

export class ConsoleSessionDto {
  @ApiProperty()
  readonly id!: string;

  @ApiProperty({ example: 'ada' })
  readonly user!: string;

  @ApiProperty({ enum: RANKED_ROLES })
  readonly role!: RankedRole;

  @ApiProperty({ description: 'The token that it was opened with, and ends with' })
  readonly tokenId!: string;

  @ApiProperty({ description: 'What the browser calls itself' })
  readonly client!: string;

  @ApiProperty({ format: 'date-time' })
  readonly createdAt!: string;

  @ApiProperty({ format: 'date-time', description: 'To a minute' })
  readonly lastUsedAt!: string;

  @ApiProperty({ format: 'date-time' })
  readonly expiresAt!: string;

  @ApiProperty({ description: 'Whether this request was made in it' })
  readonly current!: boolean;
}

export class ListSessionsQuery extends PageQuery {
  @OptionalField(parseUserName, { example: 'ada', description: 'Of others than oneself as admin only' })
  readonly user?: UserName;
}

export class ConsoleSessionPageDto extends PageDto {
  @ApiProperty({ type: () => [ConsoleSessionDto] })
  readonly items!: readonly ConsoleSessionDto[];
}

export class SessionsEndedDto {
  @ApiProperty({ type: 'integer' })
  readonly ended!: number;
}
