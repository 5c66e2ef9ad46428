import { isSigned } from '#libs/bus/nats-keys.js';
import { CredentialRefusedError } from '../http/errors.js';

const CLOCKS_APART_MS = 60_000;

export interface SignedRequest {
  readonly nkey: string;
  /** RFC 3339 */
  readonly timestamp: string;
  /** Base64 */
  readonly signature: string;
}

/** The words for one kind of request: the prefix of its codes, and its name in messages. */
export interface RefusalWords {
  readonly code: string;
  readonly name: string;
}

/** Throws CredentialRefusedError unless the named key signed this statement within a minute of now. */
export function requireSignature(request: SignedRequest, statement: string, now: Date, words: RefusalWords): void {
  if (!isSignedByItsKey(request, statement)) {
    throw new CredentialRefusedError(`${words.code}_REFUSED`, `${words.name} is not signed by the key it names`);
  }
  if (Math.abs(now.getTime() - Date.parse(request.timestamp)) > CLOCKS_APART_MS) {
    throw new CredentialRefusedError(
      `${words.code}_OUT_OF_TIME`,
      `${words.name} was signed more than a minute before or after now, by the control plane's clock`,
      'set the clock of this host, and compare it with that of the control plane',
    );
  }
}

function isSignedByItsKey({ nkey, signature }: SignedRequest, statement: string): boolean {
  try {
    return isSigned(nkey, new TextEncoder().encode(statement), Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}
