import { type FieldParser, listOf, nullOr, parseObject, textUpTo, wordOf } from '../../json-fields.js';
import { parseTrustedKeys, type TrustedKeys } from '../../store-keys.js';
import { codeText, counter, parseBootId, sentence } from '../fields.js';
import { MAX_NETWORKS, type NetworkVersion, networkVersionIn } from '../network-version.js';
import { parseMemberEnvelope } from '../protocol.js';
import { parseRefusedFlows, type RefusedFlows } from './refused-flows.js';

export const HELLO = 'hello';

export interface MeshState {
  readonly transport: 'direct' | 'tsnet' | 'none';
  readonly state: 'joined' | 'joining' | 'failed';
  readonly code: string | null;
  readonly message: string | null;
  readonly endpoints: readonly string[];
}

/** The first message after every connect. Answered with ContactReply. */
export interface HelloMessage {
  readonly protocol: number;
  /** A new one at each start of the process. */
  readonly bootId: string;
  readonly softwareVersion: string;
  readonly driver: string;
  readonly mesh: MeshState;
  readonly networks: readonly NetworkVersion[];
  /** Set by agents that accept deltas; local nodes and agents of earlier releases get snapshots. */
  readonly takesDeltas?: true;
  /**
   * The revision of the list of peers that it holds; null: none yet. Missing from agents of earlier releases, which
   * need the whole list in each reply.
   */
  readonly peersRevision?: number | null;
  /** Missing from members of earlier releases. */
  readonly keys?: TrustedKeys;
  /** Missing from local nodes and agents of earlier releases. */
  readonly refusedFlows?: readonly RefusedFlows[];
}

const parseMeshState: FieldParser<MeshState> = (value, field) => {
  const mesh = parseObject(value, field);
  return {
    transport: wordOf(['direct', 'tsnet', 'none'])(mesh.transport, `${field}.transport`),
    state: wordOf(['joined', 'joining', 'failed'])(mesh.state, `${field}.state`),
    code: nullOr(codeText)(mesh.code, `${field}.code`),
    message: nullOr(sentence)(mesh.message, `${field}.message`),
    endpoints: listOf(textUpTo(300), 16)(mesh.endpoints, `${field}.endpoints`),
  };
};

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseHelloMessage(value: unknown): HelloMessage {
  const message = parseMemberEnvelope(value);
  return {
    protocol: message.protocol,
    bootId: parseBootId(message.bootId, 'bootId'),
    softwareVersion: textUpTo(64)(message.softwareVersion, 'softwareVersion'),
    driver: textUpTo(32)(message.driver, 'driver'),
    mesh: parseMeshState(message.mesh, 'mesh'),
    networks: listOf(networkVersionIn(message.protocol), MAX_NETWORKS)(message.networks, 'networks'),
    ...(message.keys === undefined ? {} : { keys: parseTrustedKeys(message.keys, 'keys') }),
    ...(message.takesDeltas === true ? { takesDeltas: true } : {}),
    ...(message.peersRevision === undefined
      ? {}
      : { peersRevision: nullOr(counter)(message.peersRevision, 'peersRevision') }),
    ...(message.refusedFlows === undefined
      ? {}
      : { refusedFlows: parseRefusedFlows(message.refusedFlows, 'refusedFlows') }),
  };
}
