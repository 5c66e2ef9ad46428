import { CodedError } from '#libs/contracts/errors.js';

/** The coded error that a call throws; fails if it throws nothing, or something else. */
export function thrown(call: () => unknown): CodedError {
  try {
    call();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
