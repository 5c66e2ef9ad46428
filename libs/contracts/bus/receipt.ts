import { nullOr, parseTrueOrFalse } from '../json-fields.js';
import { codeText, sentence } from './fields.js';
import { parseMemberEnvelope } from './protocol.js';

/** The answer to a message that only reports something: whether it was accepted, and if not, why not. */
export interface Receipt {
  readonly protocol: number;
  readonly ok: boolean;
  readonly code: string | null;
  readonly message: string | null;
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseReceipt(value: unknown): Receipt {
  const reply = parseMemberEnvelope(value);
  return {
    protocol: reply.protocol,
    ok: parseTrueOrFalse(reply.ok, 'ok'),
    code: nullOr(codeText)(reply.code, 'code'),
    message: nullOr(sentence)(reply.message, 'message'),
  };
}
