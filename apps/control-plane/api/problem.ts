import { STATUS_CODES } from 'node:http';
import { HttpException } from '@nestjs/common';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import type { ProblemDto } from '#libs/contracts/http/problem.js';
import { ModeUnavailableError } from '#libs/contracts/network-settings.js';
import { DomainError, type RefusalCategory } from '#libs/domain/decision.js';
import {
  CommandIdReusedError,
  StoreClosedError,
  StoreFullError,
  StoreUnavailableError,
  VersionConflictError,
  WriteOutcomeUnknownError,
} from '#libs/event-store/errors.js';
import { CertificateRequestError } from '#libs/mesh/certificates.js';
import { isDatabaseFull, isDatabaseUnavailable } from '../foundation/database-unavailable.js';
import {
  CredentialRefusedError,
  EventStreamLimitError,
  ForbiddenError,
  ForeignOriginError,
  JoinNotAllowedError,
  MethodNotAllowedError,
  NotFoundError,
  SignInRefusedError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '../http/errors.js';
import { MemberSuspendedError } from '../identity/suspensions.js';
import { MeshApiError } from '../mesh/control-server/errors.js';
import { NotReadyError } from './readiness.js';

/** Status per class; any other CodedError is 409. */
const STATUS_BY_CAUSE: readonly (readonly [abstract new (...args: never[]) => CodedError, number])[] = [
  [InvalidInputError, 400],
  [ModeUnavailableError, 422],
  [CertificateRequestError, 400],
  [UnauthenticatedError, 401],
  [CredentialRefusedError, 401],
  [ForbiddenError, 403],
  [JoinNotAllowedError, 403],
  [ForeignOriginError, 403],
  [SignInRefusedError, 403],
  [NotFoundError, 404],
  [MethodNotAllowedError, 405],
  [VersionConflictError, 412],
  [CommandIdReusedError, 422],
  [TooManyRequestsError, 429],
  [MemberSuspendedError, 429],
  [MeshApiError, 502],
  [EventStreamLimitError, 503],
  [NotReadyError, 503],
  [StoreUnavailableError, 503],
  [StoreFullError, 503],
  [StoreClosedError, 503],
  [WriteOutcomeUnknownError, 504],
];
const STATUS_OF_REFUSAL: { readonly [category in RefusalCategory]: number } = {
  'not-found': 404,
  conflict: 409,
  invalid: 422,
  forbidden: 403,
};
const UNAVAILABLE_CODE = /^(BUS_UNAVAILABLE|BUS_TIMEOUT|STARTING)$/;

/** What a client learns of an error: coded errors as they are, any other without its text. */
export function problemOf(error: unknown, requestId: string): ProblemDto {
  if (error instanceof CodedError) {
    const detail = DETAILS.find(([cause]) => error instanceof cause)?.[1] ?? error.message;
    return { ...problem(statusOf(error), error.code, detail, error.remedy, requestId), field: fieldOf(error) };
  }
  if (isDatabaseFull(error)) return problemOf(new StoreFullError(error), requestId);
  if (isDatabaseUnavailable(error)) {
    return problem(503, 'STORE_UNAVAILABLE', STORE_UNAVAILABLE, 'try again in a moment', requestId);
  }
  const known = transportProblem(error);
  if (known !== null) return problem(known.status, known.code, known.detail, known.remedy, requestId);
  return problem(
    500,
    'INTERNAL',
    'the control plane failed while it handled this request',
    `look for request ${requestId} in the control plane's log`,
    requestId,
  );
}

const STORE_UNAVAILABLE = 'the database does not answer';
/** Used instead of messages that quote the database's. */
const DETAILS: readonly (readonly [abstract new (...args: never[]) => CodedError, string])[] = [
  [StoreUnavailableError, `${STORE_UNAVAILABLE}, and nothing was written`],
  [StoreFullError, 'the disk of the database is full; nothing was written'],
  [WriteOutcomeUnknownError, `${STORE_UNAVAILABLE}, and the change may have been made`],
];

function fieldOf(error: CodedError): string | null {
  const hasField =
    error instanceof InvalidInputError || error instanceof DomainError || error instanceof ModeUnavailableError;
  return hasField ? error.field : null;
}

function statusOf(error: CodedError): number {
  const found = STATUS_BY_CAUSE.find(([cause]) => error instanceof cause);
  if (found !== undefined) return found[1];
  if (error instanceof DomainError) return STATUS_OF_REFUSAL[error.category];
  return UNAVAILABLE_CODE.test(error.code) ? 503 : 409;
}

interface TransportProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly remedy: string;
}

/** Requests that the HTTP server or the framework refused before a route. */
function transportProblem(error: unknown): TransportProblem | null {
  switch (transportStatus(error)) {
    case 400:
      return {
        status: 400,
        code: 'MALFORMED_REQUEST',
        detail: 'the request cannot be read: its body is not JSON, or its address is malformed',
        remedy: 'send a JSON object with Content-Type: application/json',
      };
    case 404:
      return {
        status: 404,
        code: 'ROUTE_NOT_FOUND',
        detail: 'there is no such route',
        remedy: 'see the list of routes in /v1/openapi.json',
      };
    case 413:
      return {
        status: 413,
        code: 'BODY_TOO_LARGE',
        detail: 'the body is too large',
        remedy: 'split the request into smaller ones',
      };
    case 414:
      return { status: 414, code: 'ADDRESS_TOO_LONG', detail: 'the address is too long', remedy: 'use shorter names' };
    case 415:
      return {
        status: 415,
        code: 'UNSUPPORTED_MEDIA_TYPE',
        detail: 'the body has a Content-Type that is not supported',
        remedy: 'send JSON with Content-Type: application/json',
      };
    case 429:
      return { status: 429, ...pick(new TooManyRequestsError()) };
    default:
      return null;
  }
}

function pick(error: CodedError): { code: string; detail: string; remedy: string } {
  return { code: error.code, detail: error.message, remedy: error.remedy ?? '' };
}

function transportStatus(error: unknown): number | null {
  if (error instanceof HttpException) return error.getStatus();
  if (typeof error !== 'object' || error === null) return null;
  const { statusCode } = error as { readonly statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : null;
}

function problem(status: number, code: string, detail: string, remedy: string | null, requestId: string): ProblemDto {
  return {
    type: `urn:gstacks:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    remedy,
    field: null,
    requestId,
  };
}
