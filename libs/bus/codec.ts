import { CodedError } from '#libs/contracts/errors.js';
import { BusRefusedError } from './errors.js';

/** The reply to a request that was refused. */
interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
}

export function encodeMessage(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message ?? null));
}

/** Parses the bytes; throws BusRefusedError (UNDECODABLE) if they are not JSON. */
export function decodeMessage(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    throw new BusRefusedError('UNDECODABLE', `a message of ${bytes.byteLength} bytes is not JSON`);
  }
}

/** An error as a reply: a CodedError as it is, any other without its text, which may hold a secret. */
export function encodeRefusal(error: unknown): Buffer {
  const refusal: Refusal =
    error instanceof CodedError
      ? { error: { code: error.code, message: error.message } }
      : {
          error: {
            code: 'INTERNAL',
            message: 'the receiver failed while it handled this message; its log has the error',
          },
        };
  return encodeMessage(refusal);
}

/** The value of a reply; throws BusRefusedError if the reply is a refusal. */
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
