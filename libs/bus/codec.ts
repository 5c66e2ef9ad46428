import { CodedError } from '#libs/contracts/errors.js';
import { BusRefusedError } from './errors.js';

/** What a request that could not be taken is answered with, in place of a reply. */
interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}

export function encodeMessage(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message ?? null));
}

/** The value in the bytes; throws BusRefusedError (UNDECODABLE) for anything that is not JSON. */
export function decodeMessage(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    throw new BusRefusedError('UNDECODABLE', `a message of ${bytes.byteLength} bytes is not JSON`);
  }
}

/** An error as it may leave the process: coded ones as they are, any other without its text. */
export function encodeRefusal(error: unknown): Buffer {
  const refusal: Refusal =
    error instanceof CodedError
      ? { error: { code: error.code, message: error.message } }
      : { error: { code: 'INTERNAL', message: 'the receiver failed at this message; its log says why' } };
  return encodeMessage(refusal);
}

/** A reply's value; throws BusRefusedError when the reply is a refusal. */
export function decodeReply(bytes: Uint8Array): unknown {
  const reply = decodeMessage(bytes);
  if (isRefusal(reply)) throw new BusRefusedError(reply.error.code, reply.error.message);
  return reply;
}

function isRefusal(reply: unknown): reply is Refusal {
  if (typeof reply !== 'object' || reply === null || !('error' in reply)) return false;
  const { error } = reply;
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    typeof error.code === 'string' &&
    'message' in error &&
    typeof error.message === 'string'
  );
}
