import type {
  AdmittedLocalNode,
  ContactReply,
  ControlMessage,
  DiagnoseRequest,
  Epoch,
  InventoryReply,
  Peer,
} from './bus-messages.js';
import { BUS_PROTOCOL, CHECK_ROLES, SERVED_PROTOCOLS, type TopologyMessage } from './bus-messages.js';
import { CodedError, InvalidInputError } from './errors.js';
import {
  parseAgentId,
  parseAliasName,
  parseLocalNodeId,
  parseNetworkId,
  parseSandboxId,
  parseUserName,
} from './ids.js';
import { type FieldParser, integerBetween, listOf, nullOr, parseObject, textUpTo, wordOf } from './json-fields.js';
import { parsePort } from './ports.js';
import { formatSelector, parseSelector } from './selectors.js';

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

export const MAX_NETWORKS = 10_000;
export const MAX_PEERS = 10_000;
export const MAX_LOCAL_NODES = 10_000;
export const MAX_PARTS = 4_096;
const MAX_SANDBOXES = 10_000;
/** A part is below what the bus carries at once. */
export const MAX_BODY_CHARACTERS = 1_048_576;

const counter = integerBetween(0, Number.MAX_SAFE_INTEGER);
const parseHash: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new InvalidInputError(field, value, 'a SHA-256 in 64 hexadecimal digits');
  }
  return value;
};

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

/** Throws InvalidInputError. */
export function parseEpoch(value: unknown, field: string): Epoch {
  const epoch = parseObject(value, field);
  return { counter: counter(epoch.counter, `${field}.counter`), id: textUpTo(64)(epoch.id, `${field}.id`) };
}

/** One part of a snapshot; its body is not looked at. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseTopologyMessage(value: unknown): TopologyMessage {
  const message = parseEnvelope(value);
  const part = parseObject(message.part, 'part');
  const count = integerBetween(1, MAX_PARTS)(part.count, 'part.count');
  return {
    protocol: BUS_PROTOCOL,
    term: counter(message.term, 'term'),
    epoch: parseEpoch(message.epoch, 'epoch'),
    networkId: parseNetworkId(message.networkId, 'networkId'),
    from: nullOr(counter)(message.from, 'from'),
    to: counter(message.to, 'to'),
    hash: parseHash(message.hash, 'hash'),
    part: { index: integerBetween(0, count - 1)(part.index, 'part.index'), count },
    body: textUpTo(MAX_BODY_CHARACTERS)(message.body, 'body'),
    signature: textUpTo(256)(message.signature, 'signature'),
  };
}

const parsePeer: FieldParser<Peer> = (value, field) => {
  const peer = parseObject(value, field);
  return {
    agentId: parseAgentId(peer.agentId, `${field}.agentId`),
    endpoints: listOf(textUpTo(300), 16)(peer.endpoints, `${field}.endpoints`),
    // Not there in what an earlier release sent, or left on disk.
    keyThumbprint: nullOr(textUpTo(128))(peer.keyThumbprint ?? null, `${field}.keyThumbprint`),
  };
};
/** Throws InvalidInputError. */
export const parsePeerList = listOf(parsePeer, MAX_PEERS);

const parseAdmittedLocalNode: FieldParser<AdmittedLocalNode> = (value, field) => {
  const node = parseObject(value, field);
  return {
    nodeId: parseLocalNodeId(node.nodeId, `${field}.nodeId`),
    user: parseUserName(node.user, `${field}.user`),
    networkId: parseNetworkId(node.networkId, `${field}.networkId`),
  };
};
/** Throws InvalidInputError. */
export const parseLocalNodeList = listOf(parseAdmittedLocalNode, MAX_LOCAL_NODES);

/** The answer to hello and heartbeat. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseContactReply(value: unknown): ContactReply {
  const reply = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    serves: listOf(counter, 16)(reply.serves, 'serves'),
    term: counter(reply.term, 'term'),
    epoch: parseEpoch(reply.epoch, 'epoch'),
    networks: listOf((item, field) => {
      const network = parseObject(item, field);
      return {
        networkId: parseNetworkId(network.networkId, `${field}.networkId`),
        version: counter(network.version, `${field}.version`),
        hash: parseHash(network.hash, `${field}.hash`),
      };
    }, MAX_NETWORKS)(reply.networks, 'networks'),
    peersRevision: counter(reply.peersRevision, 'peersRevision'),
    peers: parsePeerList(reply.peers, 'peers'),
    localNodes: parseLocalNodeList(reply.localNodes, 'localNodes'),
  };
}

/** Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseControlMessage(value: unknown): ControlMessage {
  const message = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    kind: wordOf(['peers'])(message.kind, 'kind'),
    revision: counter(message.revision, 'revision'),
    peers: parsePeerList(message.peers, 'peers'),
    localNodes: parseLocalNodeList(message.localNodes, 'localNodes'),
  };
}

/** The answer to an inventory. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseInventoryReply(value: unknown): InventoryReply {
  const reply = parseEnvelope(value);
  return {
    protocol: BUS_PROTOCOL,
    accepted: listOf(parseSandboxId, MAX_SANDBOXES)(reply.accepted, 'accepted'),
    conflicts: listOf((item, field) => {
      const conflict = parseObject(item, field);
      return {
        sandboxId: parseSandboxId(conflict.sandboxId, `${field}.sandboxId`),
        code: wordOf(['PLACEMENT_CONFLICT'])(conflict.code, `${field}.code`),
        owner: parseAgentId(conflict.owner, `${field}.owner`),
      };
    }, MAX_SANDBOXES)(reply.conflicts, 'conflicts'),
  };
}

/** A question of the control plane to one agent. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseDiagnoseRequest(value: unknown): DiagnoseRequest {
  const message = parseEnvelope(value);
  const kind = wordOf(['resolve', 'checks', 'held'])(message.kind, 'kind');
  const networkId = parseNetworkId(message.networkId, 'networkId');
  if (kind === 'held') return { protocol: BUS_PROTOCOL, kind, networkId, part: counter(message.part, 'part') };
  const about = { protocol: BUS_PROTOCOL, networkId, alias: parseAliasName(message.alias, 'alias') };
  if (kind === 'resolve') return { ...about, kind };
  return {
    ...about,
    kind,
    epoch: parseEpoch(message.epoch, 'epoch'),
    version: counter(message.version, 'version'),
    hash: parseHash(message.hash, 'hash'),
    role: wordOf(CHECK_ROLES)(message.role, 'role'),
    from: formatSelector(parseSelector(message.from, 'from')),
    port: parsePort(message.port, 'port'),
  };
}
