import { expect } from 'chai';
import {
  ClaimTakenError,
  CommandIdReusedError,
  ConnectionLostError,
  StoreClosedError,
  StoreFullError,
  StoreUnavailableError,
  VersionConflictError,
  WriteOutcomeUnknownError,
} from '#libs/event-store/errors.js';

describe('the errors of the event store', () => {
  const cause = new Error('no route to host');
  // Callers depend on codes, so a code never changes; `names` is what the message or remedy has to contain.
  for (const [make, code, names] of [
    [() => new VersionConflictError('network-1', 3, 4), 'VERSION_CONFLICT', ['network-1 is at version 4, not at 3']],
    [
      () => new VersionConflictError('network-1', 3, 4).named('network dev'),
      'VERSION_CONFLICT',
      ['network dev is at version 4, not at 3'],
    ],
    [() => new CommandIdReusedError('c-1'), 'IDEMPOTENCY_KEY_REUSED', ['c-1', 'a new Idempotency-Key']],
    [
      () => new ClaimTakenError({ scope: 'name', value: 'dev' }, 'network-1'),
      'CLAIM_TAKEN',
      ['name dev', 'another name'],
    ],
    [() => new StoreUnavailableError(cause), 'STORE_UNAVAILABLE', ['nothing was written', 'no route to host', 'again']],
    [() => new StoreFullError('full'), 'STORE_FULL', ['nothing was written: full', 'free space']],
    [
      () => new WriteOutcomeUnknownError('c-1', cause),
      'WRITE_OUTCOME_UNKNOWN',
      ['may have been made: no route to host', 'the Idempotency-Key c-1'],
    ],
    [
      () => new ConnectionLostError(cause),
      'STORE_CONNECTION_LOST',
      ['connection to the database lost: no route to host'],
    ],
    [() => new StoreClosedError(), 'STORE_CLOSED', ['closed']],
  ] as const) {
    it(`have the code ${code}, and say ${names.join(', ')}`, () => {
      const error = make();
      expect(error.code).to.equal(code);
      for (const words of names) expect(`${error.message}; ${error.remedy}`).to.include(words);
    });
  }
});
