import { CodedError } from '../errors.js';
import { parseObject } from '../json-fields.js';

/**
 * Every message names the protocol it speaks. A control plane serves members of its own protocol and of the one before,
 * so that hosts can be upgraded one after the other, and answers each in its own; members speak one.
 */
export const BUS_PROTOCOL = 2;
/** What this release's control plane serves, oldest first. */
export const SERVED_PROTOCOLS: readonly number[] = [BUS_PROTOCOL - 1, BUS_PROTOCOL];

/** The other side speaks another protocol: both versions are named, nothing of the message is used. */
export class ProtocolUnsupportedError extends CodedError {
  constructor(theirs: unknown, spoken: readonly number[]) {
    super(
      'PROTOCOL_UNSUPPORTED',
      `the message speaks protocol ${JSON.stringify(theirs) ?? 'none'}; here protocol ${spoken.join(' and ')} is spoken`,
      'upgrade the control plane first, then its agents, one release at a time',
    );
  }
}

/** The members of a message of the protocol spoken here; throws ProtocolUnsupportedError, InvalidInputError. */
export function parseEnvelope(value: unknown): { readonly [key: string]: unknown } {
  return envelopeOf(value, [BUS_PROTOCOL]);
}

/** As parseEnvelope, for what a member sends: of the protocol spoken here or the one before, which `protocol` tells. */
export function parseMemberEnvelope(value: unknown): { readonly [key: string]: unknown; readonly protocol: number } {
  return envelopeOf(value, SERVED_PROTOCOLS);
}

function envelopeOf(value: unknown, spoken: readonly number[]) {
  const message = parseObject(value, 'message');
  const protocol = spoken.find((one) => one === message.protocol);
  if (protocol === undefined) throw new ProtocolUnsupportedError(message.protocol, spoken);
  return { ...message, protocol };
}
