import { ApiProperty } from '@nestjs/swagger';
import { InvalidInputError } from '../errors.js';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../page-size.js';
import { wholeNumber } from '../values.js';
import { OptionalField } from './fields.js';

/** The next page begins after the item with this key. */
export interface PageCursor {
  readonly after: string;
}

export function formatCursor(cursor: PageCursor): string {
  return Buffer.from(JSON.stringify([1, cursor.after])).toString('base64url');
}

/** The inverse of formatCursor; throws InvalidInputError. */
export function parseCursor(value: unknown, field: string): PageCursor {
  const refused = () =>
    new InvalidInputError(
      field,
      value,
      'the nextCursor of an earlier answer',
      'INVALID_CURSOR',
      'leave the cursor out to begin with the first page',
    );
  if (typeof value !== 'string' || !/^[A-Za-z0-9_-]{1,512}$/.test(value)) throw refused();
  let decoded: unknown;
  try {
    decoded = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'));
  } catch {
    throw refused();
  }
  if (!Array.isArray(decoded) || decoded.length !== 2 || decoded[0] !== 1) throw refused();
  const after: unknown = decoded[1];
  if (typeof after !== 'string' || !/^[\x21-\x7e]{1,256}$/.test(after)) throw refused();
  return { after };
}

export class PageQuery {
  @OptionalField(wholeNumber(1, MAX_PAGE_SIZE), {
    type: 'integer',
    minimum: 1,
    maximum: MAX_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
    description: 'Most items to answer with',
  })
  readonly limit?: number;

  @OptionalField(parseCursor, { description: 'nextCursor of the page before' })
  readonly cursor?: PageCursor;
}

export abstract class PageDto {
  @ApiProperty({ type: String, nullable: true, description: 'null: there is no more' })
  readonly nextCursor!: string | null;
}
