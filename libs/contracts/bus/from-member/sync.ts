import { type NetworkId, parseNetworkId } from '../../ids.js';
import { nullOr } from '../../json-fields.js';
import { counter } from '../fields.js';
import { parseMemberEnvelope } from '../protocol.js';

export const SYNC = 'sync';

/** Asks for a network again. Answered at once with a Receipt; the snapshot follows as TopologyMessages. */
export interface SyncMessage {
  readonly protocol: number;
  readonly networkId: NetworkId;
  readonly have: number | null;
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseSyncMessage(value: unknown): SyncMessage {
  const message = parseMemberEnvelope(value);
  return {
    protocol: message.protocol,
    networkId: parseNetworkId(message.networkId, 'networkId'),
    have: nullOr(counter)(message.have, 'have'),
  };
}
