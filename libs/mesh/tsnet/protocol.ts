import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { listOf, parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/**
 * Version of the protocol, also in apps/mesh-node/internal/protocol. Raised by changes that the other side could
 * misread.
 */
export const MESH_NODE_PROTOCOL = 1;

/** Longest line that a mesh-node writes. */
export const MAX_EVENT_BYTES = 65_536;

/** A mesh-node from another release than this program. */
export class MeshProtocolMismatchError extends CodedError {}

/** An event of mesh-node: one JSON object per line. */
export type MeshNodeEvent =
  | { readonly event: 'hello' }
  /** `lost`: why an earlier login is no longer valid; null for the first login. */
  | { readonly event: 'key-needed'; readonly lost: CodedError | null }
  | { readonly event: 'joined'; readonly nodeId: string; readonly addresses: readonly string[] }
  | { readonly event: 'control'; readonly isReachable: boolean }
  /** Only logged; the node goes on. */
  | { readonly event: 'log'; readonly code: string; readonly message: string }
  | { readonly event: 'failed'; readonly code: string; readonly message: string };

/** A command to mesh-node: one JSON object per line. */
export type MeshNodeCommand =
  | {
      readonly command: 'start';
      readonly protocol: number;
      readonly controlUrl: string;
      readonly hostname: string;
      readonly stateFolder: string;
      readonly dialSocket: string;
      readonly inboundSocket: string;
      /** The port inside the mesh on which peers reach the node. */
      readonly port: number;
      readonly ephemeral: boolean;
    }
  | { readonly command: 'auth-key'; readonly key: string }
  | { readonly command: 'warm'; readonly peers: readonly string[] };

const text = textUpTo(4_096);

/**
 * Parses one line of a mesh-node; null for an event of a later release. Throws MeshProtocolMismatchError,
 * InvalidInputError.
 */
export function parseMeshNodeEvent(line: string): MeshNodeEvent | null {
  const fields = parseObject(parseJson(line), 'mesh-node event');
  switch (fields.event) {
    case 'hello':
      if (fields.protocol !== MESH_NODE_PROTOCOL) throw mismatch(fields.protocol);
      return { event: 'hello' };
    case 'key-needed':
      return { event: 'key-needed', lost: fields.code === undefined ? null : wordsOf(fields) };
    case 'joined':
      return {
        event: 'joined',
        nodeId: text(fields.nodeId, 'nodeId'),
        addresses: listOf(textUpTo(64), 16)(fields.addresses, 'addresses'),
      };
    case 'control':
      return { event: 'control', isReachable: fields.reachable === true };
    case 'log':
      return { event: 'log', code: text(fields.code, 'code'), message: text(fields.message, 'message') };
    case 'failed':
      return { event: 'failed', code: text(fields.code, 'code'), message: text(fields.message, 'message') };
    default:
      return null;
  }
}

function wordsOf(fields: { readonly [key: string]: unknown }): CodedError {
  return new CodedError(text(fields.code, 'code'), text(fields.message, 'message'));
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new InvalidInputError('mesh-node event', line, 'a JSON object');
  }
}

function mismatch(theirs: unknown): MeshProtocolMismatchError {
  return new MeshProtocolMismatchError(
    'MESH_PROTOCOL_MISMATCH',
    `mesh-node uses protocol ${JSON.stringify(theirs)}, but this program needs protocol ${MESH_NODE_PROTOCOL}`,
    meshRemedy('MESH_PROTOCOL_MISMATCH'),
  );
}
