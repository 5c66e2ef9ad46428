import { type ArgumentMetadata, Injectable, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { InvalidInputError } from '#libs/contracts/errors.js';

/** Deeper than any described body, and shallow enough for code that recurses into one. */
const MOST_LEVELS = 16;

/** Parses bodies and queries into their declared classes; refuses unknown, missing and malformed members. */
@Injectable()
export class RequestPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      exceptionFactory: (errors) => inputError(errors),
    });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      // Not quoted: a body may contain a secret.
      throw new InvalidInputError('body', value === undefined ? value : kindOf(value), 'a JSON object');
    }
    if (metadata.type === 'body' && isDeeperThan(MOST_LEVELS, value)) {
      throw new InvalidInputError('body', 'deeper nesting', `a JSON object of at most ${MOST_LEVELS} levels`);
    }
    const stripped = metadata.type === 'body' ? strippedName(value) : null;
    if (stripped !== null) {
      throw new InvalidInputError('body', stripped, `no members named ${STRIPPED.join(' or ')}`);
    }
    return super.transform(value, metadata);
  }
}

/** The framework silently removes members with these names from a body, even a label with this key. */
const STRIPPED = ['constructor', 'prototype'];

/** The first such name at any level; null: there is none. */
function strippedName(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    const found = STRIPPED.includes(name) && !Array.isArray(value) ? name : strippedName(member);
    if (found !== null) return found;
  }
  return null;
}

function inputError(errors: readonly ValidationError[]): InvalidInputError {
  const first = errors[0];
  const field = first?.property ?? 'body';
  const unknown = first?.constraints?.whitelistValidation !== undefined;
  return unknown
    ? new InvalidInputError('body', field, 'only the fields that are described for this route', 'UNKNOWN_FIELD')
    : new InvalidInputError(field, undefined, 'a value', 'FIELD_MISSING');
}

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeperThan(levels - 1, member));
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}
