import { type FieldParser, listOf } from '../../json-fields.js';
import { MAX_NETWORKS } from '../network-version.js';
import { parseMemberEnvelope } from '../protocol.js';
import { type AppliedMessage, parseAppliedMessage } from './applied.js';
import { type HelloMessage, parseHelloMessage } from './hello.js';

export const HEARTBEAT = 'heartbeat';

/** A hello, and the last acknowledgement of each network again. Answered with ContactReply. */
export interface HeartbeatMessage extends HelloMessage {
  readonly acknowledgements: readonly AppliedMessage[];
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseHeartbeatMessage(value: unknown): HeartbeatMessage {
  const { acknowledgements } = parseMemberEnvelope(value);
  const parseEach: FieldParser<AppliedMessage> = (item) => parseAppliedMessage(item);
  return {
    ...parseHelloMessage(value),
    acknowledgements: listOf(parseEach, MAX_NETWORKS)(acknowledgements, 'acknowledgements'),
  };
}
