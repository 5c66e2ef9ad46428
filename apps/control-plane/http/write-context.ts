import { randomUUID } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { type CommandId, parseCommandId } from '#libs/contracts/ids.js';
import { ForbiddenError } from './errors.js';
import type { HttpRequest, Principal } from './request.js';

/** What every command has besides its own content. */
export interface WriteContext {
  readonly commandId: CommandId;
  /** The writer named no id, so that this request repeats no other. */
  readonly isFirst?: boolean;
  /** The version that the writer has seen; null: any. */
  readonly expectedVersion: number | null;
  /** An admin insists on the write, also where it breaks policy tests of the network. */
  readonly overridesTests?: boolean;
  readonly actor: string;
  readonly correlationId: string;
}

/** If-Match (RFC 9110 section 13.1.1), with a version as the entity tag, quoted or bare. */
export function parseIfMatch(value: unknown): number | null {
  if (value === undefined) return null;
  const match = typeof value === 'string' ? /^("?)(0|[1-9][0-9]{0,14})\1$/.exec(value.trim()) : null;
  if (match === null) {
    throw new InvalidInputError('If-Match', value, 'a version, such as 7', 'INVALID_IF_MATCH');
  }
  return Number(match[2]);
}

export function parseIdempotencyKey(value: unknown, make: () => string): CommandId {
  if (value === undefined) return parseCommandId(make(), 'Idempotency-Key');
  try {
    return parseCommandId(value, 'Idempotency-Key');
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(
      'Idempotency-Key',
      value,
      '1 to 128 of letters, digits and _ . : -',
      'INVALID_IDEMPOTENCY_KEY',
    );
  }
}

/** Only an admin may override. Errors: InvalidInputError, ForbiddenError. */
function parseOverride(value: unknown, principal: Principal | undefined): boolean {
  if (value === undefined) return false;
  if (value !== 'override') throw new InvalidInputError('Policy-Tests', value, 'override, or no such header');
  if (principal?.role !== 'admin') throw new ForbiddenError(principal?.role ?? 'none', 'admin');
  return true;
}

export const WriteRequest = createParamDecorator((_: unknown, context: ExecutionContext): WriteContext => {
  const request = context.switchToHttp().getRequest<HttpRequest>();
  const key = request.headers['idempotency-key'];
  return {
    commandId: parseIdempotencyKey(key, randomUUID),
    isFirst: key === undefined,
    expectedVersion: parseIfMatch(request.headers['if-match']),
    overridesTests: parseOverride(request.headers['policy-tests'], request.principal),
    actor: `user:${request.principal?.user ?? 'anonymous'}`,
    correlationId: request.id,
  };
});

/** Whether the write that is previewed would override policy tests: only an admin's may. */
export const OverridesTests = createParamDecorator((_: unknown, context: ExecutionContext): boolean => {
  const { headers, principal } = context.switchToHttp().getRequest<HttpRequest>();
  return parseOverride(headers['policy-tests'], principal);
});

export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<HttpRequest>().principal,
);

export const RequestId = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<HttpRequest>().id,
);
