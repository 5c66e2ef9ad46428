import { type AliasName, type NetworkName, parseAliasName, parseNetworkName } from './ids.js';
import { listOf, nullOr, parseObject, textUpTo, wordOf } from './json-fields.js';
import { parsePort } from './ports.js';

/** A request of the command line to the background node: one JSON line on its socket, answered by one line. */
export type LocalNodeRequest =
  | {
      readonly kind: 'join';
      readonly network: NetworkName;
      readonly token: string;
      readonly machine: string;
      /** PEM file of certificate authorities to trust too, an absolute path; null: none. */
      readonly authorities: string | null;
      /** The mesh-node program of this join; null: the node's own. */
      readonly meshNode: string | null;
    }
  | { readonly kind: 'status' }
  | {
      readonly kind: 'forward';
      readonly network: NetworkName;
      readonly alias: AliasName;
      readonly port: number;
      readonly localPort: number;
    }
  | { readonly kind: 'stop-forward'; readonly localPort: number }
  | { readonly kind: 'leave'; readonly network: NetworkName };

const KNOWN_FORWARD_STATES = ['open', 'denied', 'unreachable'] as const;
const FORWARD_STATES = [...KNOWN_FORWARD_STATES, 'unknown', 'ended'] as const;
const JOINED_STATES = ['joined', 'unknown', 'ended'] as const;

/** A local port that leads to an alias. */
export type ForwardState = {
  readonly alias: string;
  readonly port: number;
  readonly localPort: number;
  /**
   * denied and unreachable: the port stays open, and connections are reset. unknown: the control plane or the target's
   * agent has not confirmed the state for too long; connections may get through.
   */
  readonly state: (typeof FORWARD_STATES)[number];
  readonly reason: string | null;
  /** The last known state if the current one is unknown; null: the state is known, or never was. */
  readonly lastKnown: { readonly state: KnownForwardState; readonly at: string } | null;
  readonly connections: number;
};

export type KnownForwardState = (typeof KNOWN_FORWARD_STATES)[number];

export type JoinedNetworkState = {
  readonly network: string;
  readonly nodeId: string;
  readonly user: string;
  /** unknown: it had joined at the last contact with the control plane, which is too long ago. */
  readonly state: (typeof JOINED_STATES)[number];
  /** When the control plane last answered; null: the node is of an earlier release. */
  readonly lastContactAt: string | null;
  /** Why it ended, or what is wrong while it is joined. */
  readonly code: string | null;
  readonly message: string | null;
  readonly remedy: string | null;
  readonly bus: string;
  /** unknown: in a direct mesh, only the control plane knows who takes part. */
  readonly mesh: string;
  /** null: no topology has arrived yet. */
  readonly version: number | null;
  /** Another version that the control plane has and that does not arrive; null: none is known. */
  readonly newerVersion: number | null;
  readonly expiresAt: string;
  /** Such as `api:8080`: what this user may reach. */
  readonly reachable: readonly string[];
  readonly forwards: readonly ForwardState[];
};

/** Also kept on disk, for requests after the node has ended. */
export type LocalNodeState = {
  readonly pid: number;
  readonly url: string;
  readonly networks: readonly JoinedNetworkState[];
};

export type LocalNodeReply =
  | { readonly ok: true; readonly changed: boolean; readonly state: LocalNodeState }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly remedy: string | null };

/** Longest line that either side accepts. */
export const MAX_LINE_BYTES = 1_048_576;

/** While a node prepares an answer, it writes an empty line this often. */
export const SIGN_OF_LIFE_EVERY_MS = 500;

/** Code of a request to a node that is ending; another node may be started instead. */
export const NODE_ENDING = 'NODE_ENDING';

const KINDS = ['join', 'status', 'forward', 'stop-forward', 'leave'] as const;

/** Throws InvalidInputError. */
export function parseLocalNodeRequest(value: unknown): LocalNodeRequest {
  const request = parseObject(value, 'request');
  const kind = wordOf(KINDS)(request.kind, 'kind');
  if (kind === 'status') return { kind };
  if (kind === 'stop-forward') return { kind, localPort: parsePort(request.localPort, 'localPort') };
  const network = parseNetworkName(request.network, 'network');
  switch (kind) {
    case 'leave':
      return { kind, network };
    case 'join':
      return {
        kind,
        network,
        token: textUpTo(4_096)(request.token, 'token'),
        machine: textUpTo(63)(request.machine, 'machine'),
        authorities: nullOr(textUpTo(4_096))(request.authorities ?? null, 'authorities'),
        meshNode: nullOr(textUpTo(4_096))(request.meshNode ?? null, 'meshNode'),
      };
    case 'forward':
      return {
        kind,
        network,
        alias: parseAliasName(request.alias, 'alias'),
        port: parsePort(request.port, 'port'),
        localPort: parsePort(request.localPort, 'localPort'),
      };
  }
}

const text = textUpTo(4_096);
const number = (value: unknown, field: string): number => {
  if (typeof value === 'number') return value;
  return parsePort(value, field);
};

/** Parses a background node's state from its socket or its file. Throws InvalidInputError. */
export function parseLocalNodeState(value: unknown): LocalNodeState {
  const state = parseObject(value, 'state');
  return {
    pid: number(state.pid, 'pid'),
    url: text(state.url, 'url'),
    networks: listOf(parseJoinedNetwork, 1_000)(state.networks, 'networks'),
  };
}

function parseJoinedNetwork(value: unknown, field: string): JoinedNetworkState {
  const network = parseObject(value, field);
  return {
    network: text(network.network, `${field}.network`),
    nodeId: text(network.nodeId, `${field}.nodeId`),
    user: text(network.user, `${field}.user`),
    state: wordOf(JOINED_STATES)(network.state, `${field}.state`),
    lastContactAt: nullOr(text)(network.lastContactAt ?? null, `${field}.lastContactAt`),
    code: nullOr(text)(network.code, `${field}.code`),
    message: nullOr(text)(network.message, `${field}.message`),
    remedy: nullOr(text)(network.remedy, `${field}.remedy`),
    bus: text(network.bus, `${field}.bus`),
    mesh: text(network.mesh, `${field}.mesh`),
    version: nullOr(number)(network.version, `${field}.version`),
    newerVersion: nullOr(number)(network.newerVersion ?? null, `${field}.newerVersion`),
    expiresAt: text(network.expiresAt, `${field}.expiresAt`),
    reachable: listOf(text, 100_000)(network.reachable, `${field}.reachable`),
    forwards: listOf(parseForward, 65_535)(network.forwards, `${field}.forwards`),
  };
}

function parseForward(value: unknown, field: string): ForwardState {
  const forward = parseObject(value, field);
  return {
    alias: text(forward.alias, `${field}.alias`),
    port: number(forward.port, `${field}.port`),
    localPort: number(forward.localPort, `${field}.localPort`),
    state: wordOf(FORWARD_STATES)(forward.state, `${field}.state`),
    reason: nullOr(text)(forward.reason, `${field}.reason`),
    lastKnown: nullOr(parseLastKnown)(forward.lastKnown ?? null, `${field}.lastKnown`),
    connections: number(forward.connections, `${field}.connections`),
  };
}

function parseLastKnown(value: unknown, field: string): NonNullable<ForwardState['lastKnown']> {
  const known = parseObject(value, field);
  return {
    state: wordOf(KNOWN_FORWARD_STATES)(known.state, `${field}.state`),
    at: text(known.at, `${field}.at`),
  };
}

/** Throws InvalidInputError. */
export function parseLocalNodeReply(value: unknown): LocalNodeReply {
  const reply = parseObject(value, 'reply');
  if (reply.ok === true) {
    return { ok: true, changed: reply.changed === true, state: parseLocalNodeState(reply.state) };
  }
  return {
    ok: false,
    code: text(reply.code, 'code'),
    message: text(reply.message, 'message'),
    remedy: nullOr(text)(reply.remedy, 'remedy'),
  };
}
