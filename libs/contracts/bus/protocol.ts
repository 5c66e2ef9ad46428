import { CodedError } from '../errors.js';
import { parseObject } from '../json-fields.js';

/**
 * Every message names its protocol. A control plane supports its own protocol and the one before, so that hosts can be
 * upgraded one by one, and answers each member in that member's protocol. A member speaks one.
 */
export const BUS_PROTOCOL = 2;
/** The protocols that this release's control plane supports, oldest first. */
export const SERVED_PROTOCOLS: readonly number[] = [BUS_PROTOCOL - 1, BUS_PROTOCOL];

/** The other side speaks another protocol. The message is not used; the error names both versions. */
export class ProtocolUnsupportedError extends CodedError {
  constructor(theirs: unknown, spoken: readonly number[]) {
    super(
      'PROTOCOL_UNSUPPORTED',
      `the message uses protocol ${JSON.stringify(theirs) ?? 'none'}; this release supports protocol ` +
        `${spoken.join(' and ')}`,
      'upgrade the control plane first, then its agents, one release at a time',
    );
  }
}

/** The members of a message in this release's protocol; throws ProtocolUnsupportedError, InvalidInputError. */
export function parseEnvelope(value: unknown): { readonly [key: string]: unknown } {
  return envelopeOf(value, [BUS_PROTOCOL]);
}

/** As parseEnvelope, for messages of members, in this protocol or the one before; `protocol` says which. */
export function parseMemberEnvelope(value: unknown): { readonly [key: string]: unknown; readonly protocol: number } {
  return envelopeOf(value, SERVED_PROTOCOLS);
}

function envelopeOf(value: unknown, spoken: readonly number[]) {
  const message = parseObject(value, 'message');
  const protocol = spoken.find((one) => one === message.protocol);
  if (protocol === undefined) throw new ProtocolUnsupportedError(message.protocol, spoken);
  return { ...message, protocol };
}
