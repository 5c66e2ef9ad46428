import { expect } from 'chai';
import { problemOf } from '#apps/control-plane/api/problem.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { DomainError } from '#libs/domain/decision.js';
import {
  CommandIdReusedError,
  StoreFullError,
  StoreUnavailableError,
  VersionConflictError,
  WriteOutcomeUnknownError,
} from '#libs/event-store/errors.js';

const databaseAway = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:5432'), {
  code: 'ECONNREFUSED',
  syscall: 'connect',
});

const databaseFull = Object.assign(new Error('could not extend file "base/5/16401", on host 10.1.2.3'), {
  code: '53100',
  severity: 'ERROR',
});

const rows: readonly (readonly [unknown, number, string])[] = [
  [new InvalidInputError('name', 'X', 'a name'), 400, 'INVALID_INPUT'],
  [new DomainError('not-found', 'ALIAS_NOT_FOUND', 'no'), 404, 'ALIAS_NOT_FOUND'],
  [new DomainError('conflict', 'ALIAS_TAKEN', 'no'), 409, 'ALIAS_TAKEN'],
  [new DomainError('invalid', 'TOO_MANY_LABELS', 'no'), 422, 'TOO_MANY_LABELS'],
  [new DomainError('forbidden', 'AGENT_REVOKED', 'no'), 403, 'AGENT_REVOKED'],
  [new VersionConflictError('network-x', 1, 2), 412, 'VERSION_CONFLICT'],
  [new CommandIdReusedError('k'), 422, 'IDEMPOTENCY_KEY_REUSED'],
  [new StoreUnavailableError(databaseAway), 503, 'STORE_UNAVAILABLE'],
  [new WriteOutcomeUnknownError('k', databaseAway), 504, 'WRITE_OUTCOME_UNKNOWN'],
  [new StoreFullError(databaseFull), 503, 'STORE_FULL'],
  [databaseFull, 503, 'STORE_FULL'],
  [Object.assign(new Error('query failed'), { driverError: databaseFull }), 503, 'STORE_FULL'],
  [databaseAway, 503, 'STORE_UNAVAILABLE'],
  [new AggregateError([databaseAway]), 503, 'STORE_UNAVAILABLE'],
  [Object.assign(new Error('ending'), { code: '57P01' }), 503, 'STORE_UNAVAILABLE'],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }), 503, 'STORE_UNAVAILABLE'],
  [Object.assign(new Error('aborted'), { code: 'ECONNRESET', statusCode: 400 }), 400, 'MALFORMED_REQUEST'],
  [Object.assign(new Error('duplicate'), { code: '23505' }), 500, 'INTERNAL'],
  [new CodedError('BUS_UNAVAILABLE', 'no'), 503, 'BUS_UNAVAILABLE'],
  [new Error('password is hunter2'), 500, 'INTERNAL'],
  ['thrown text with hunter2', 500, 'INTERNAL'],
  [null, 500, 'INTERNAL'],
];

describe('a problem', () => {
  for (const [error, status, code] of rows) {
    const name = error instanceof Error ? `${error.name} ${error.message}` : JSON.stringify(error);
    it(`is ${status} ${code} for ${name}`, () => {
      const problem = problemOf(error, 'request-1');
      expect([problem.status, problem.code]).to.deep.equal([status, code]);
      expect(problem.type).to.equal(`urn:gstacks:problem:${code.toLowerCase().replaceAll('_', '-')}`);
      expect(JSON.stringify(problem)).to.not.include('hunter2').and.not.include('10.1.2.3');
    });
  }
});
