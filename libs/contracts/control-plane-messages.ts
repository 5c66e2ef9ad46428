import { MAX_BODY_CHARACTERS, MAX_NETWORKS, MAX_PARTS, parseEpoch, parseMemberEnvelope } from './agent-messages.js';
import {
  type Acknowledgement,
  type AppliedMessage,
  BUS_PROTOCOL,
  CHECK_CODES,
  type Check,
  type ContainerReport,
  type DiagnoseReply,
  type Epoch,
  type HeartbeatMessage,
  type HeldReply,
  type HelloMessage,
  type InventoryMessage,
  ISOLATION_STATES,
  type MeshState,
  type NetworkVersion,
  type RefusedSandbox,
  type SandboxReport,
  SELECTOR_EFFECTS,
  type SelectorEffect,
  type SyncMessage,
  type TopologyReply,
} from './bus-messages.js';
import { InvalidInputError } from './errors.js';
import { parseAliasName, parseFlowId, parseNetworkId, parseSandboxId } from './ids.js';
import {
  type FieldParser,
  integerBetween,
  listOf,
  nullOr,
  parseObject,
  parseTrueOrFalse,
  textUpTo,
  wordOf,
} from './json-fields.js';

const MAX_SANDBOXES = 10_000;
const MAX_REFUSED = 1_000;
const MAX_FLOWS_CUT = 100_000;
const MAX_FAILURES = 1_000;
const MAX_CHECKS = 16;
const counter = integerBetween(0, Number.MAX_SAFE_INTEGER);
/** As large as versions are kept. */
const version = integerBetween(0, 2_147_483_647);

const parseKeptEpoch: FieldParser<Epoch> = (value, field) => {
  const epoch = parseEpoch(value, field);
  return { ...epoch, counter: version(epoch.counter, `${field}.counter`) };
};
const code = textUpTo(64);
const words = textUpTo(1_000);

const parseHash: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new InvalidInputError(field, value, 'a SHA-256 in 64 hexadecimal digits');
  }
  return value;
};

/** Protocol 1 has none. */
const signatureIn =
  (protocol: number): FieldParser<string | null> =>
  (value, field) =>
    protocol < BUS_PROTOCOL ? null : nullOr(textUpTo(256))(value, field);

const parseBootId: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(value)) {
    throw new InvalidInputError(field, value, '1 to 64 of letters, digits and -');
  }
  return value;
};

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

const parseTime: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !RFC_3339.test(value) || Number.isNaN(Date.parse(value))) {
    throw new InvalidInputError(field, value, 'a time as in RFC 3339');
  }
  return value;
};

const parseMeshState: FieldParser<MeshState> = (value, field) => {
  const mesh = parseObject(value, field);
  return {
    transport: wordOf(['direct', 'tsnet', 'none'])(mesh.transport, `${field}.transport`),
    state: wordOf(['joined', 'joining', 'failed'])(mesh.state, `${field}.state`),
    code: nullOr(code)(mesh.code, `${field}.code`),
    message: nullOr(words)(mesh.message, `${field}.message`),
    endpoints: listOf(textUpTo(300), 16)(mesh.endpoints, `${field}.endpoints`),
  };
};

const networkVersionIn =
  (protocol: number): FieldParser<NetworkVersion> =>
  (value, field) => {
    const held = parseObject(value, field);
    return {
      networkId: parseNetworkId(held.networkId, `${field}.networkId`),
      epoch: parseEpoch(held.epoch, `${field}.epoch`),
      version: counter(held.version, `${field}.version`),
      hash: parseHash(held.hash, `${field}.hash`),
      signature: signatureIn(protocol)(held.signature, `${field}.signature`),
    };
  };

/** The first message after each connect. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseHelloMessage(value: unknown): HelloMessage {
  const message = parseMemberEnvelope(value);
  return {
    protocol: message.protocol,
    bootId: parseBootId(message.bootId, 'bootId'),
    softwareVersion: textUpTo(64)(message.softwareVersion, 'softwareVersion'),
    driver: textUpTo(32)(message.driver, 'driver'),
    mesh: parseMeshState(message.mesh, 'mesh'),
    networks: listOf(networkVersionIn(message.protocol), MAX_NETWORKS)(message.networks, 'networks'),
  };
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

/** What an agent did with a version. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseAppliedMessage(value: unknown): AppliedMessage {
  const message = parseMemberEnvelope(value);
  return {
    protocol: message.protocol,
    epoch: parseKeptEpoch(message.epoch, 'epoch'),
    networkId: parseNetworkId(message.networkId, 'networkId'),
    from: nullOr(version)(message.from, 'from'),
    to: version(message.to, 'to'),
    hash: parseHash(message.hash, 'hash'),
    signature: signatureIn(message.protocol)(message.signature, 'signature'),
    outcome: wordOf(['applied', 'refused'])(message.outcome, 'outcome'),
    code: nullOr(code)(message.code, 'code'),
    message: nullOr(words)(message.message, 'message'),
    aliasFailures: listOf((item, field) => {
      const failure = parseObject(item, field);
      return {
        alias: parseAliasName(failure.alias, `${field}.alias`),
        code: code(failure.code, `${field}.code`),
        message: words(failure.message, `${field}.message`),
      };
    }, MAX_FAILURES)(message.aliasFailures, 'aliasFailures'),
    flowsCut: listOf(parseFlowId, MAX_FLOWS_CUT)(message.flowsCut, 'flowsCut'),
    appliedAt: parseTime(message.appliedAt, 'appliedAt'),
  };
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

const parseContainerReport: FieldParser<ContainerReport> = (value, field) => {
  const container = parseObject(value, field);
  return {
    id: textUpTo(128)(container.id, `${field}.id`),
    name: textUpTo(256)(container.name, `${field}.name`),
    startedAt: textUpTo(64)(container.startedAt, `${field}.startedAt`),
    engineSocket: textUpTo(128)(container.engineSocket, `${field}.engineSocket`),
  };
};

/** An agent of an earlier release leaves out what it did not know of. */
const parseSandboxReport: FieldParser<SandboxReport> = (value, field) => {
  const report = parseObject(value, field);
  return {
    sandboxId: parseSandboxId(report.sandboxId, `${field}.sandboxId`),
    address: textUpTo(64)(report.address, `${field}.address`),
    isolation: wordOf(ISOLATION_STATES)(report.isolation, `${field}.isolation`),
    isolationEvidence: nullOr(words)(report.isolationEvidence ?? null, `${field}.isolationEvidence`),
    isolationRemedy: nullOr(words)(report.isolationRemedy ?? null, `${field}.isolationRemedy`),
    source: wordOf(['verified', 'unverified'])(report.source, `${field}.source`),
    dns: wordOf(['active', 'restart-required', 'unknown'])(report.dns, `${field}.dns`),
    dnsRemedy: nullOr(words)(report.dnsRemedy, `${field}.dnsRemedy`),
    namespace: nullOr(textUpTo(128))(report.namespace, `${field}.namespace`),
    container: nullOr(parseContainerReport)(report.container ?? null, `${field}.container`),
    paused: parseTrueOrFalse(report.paused ?? false, `${field}.paused`),
  };
};

const parseRefusedSandbox: FieldParser<RefusedSandbox> = (value, field) => {
  const refused = parseObject(value, field);
  return {
    name: textUpTo(256)(refused.name, `${field}.name`),
    sandboxId: nullOr(parseSandboxId)(refused.sandboxId, `${field}.sandboxId`),
    code: code(refused.code, `${field}.code`),
    message: words(refused.message, `${field}.message`),
    remedy: words(refused.remedy, `${field}.remedy`),
  };
};

/** Everything a driver sees. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseInventoryMessage(value: unknown): InventoryMessage {
  const message = parseMemberEnvelope(value);
  const sandboxes = listOf(parseSandboxReport, MAX_SANDBOXES)(message.sandboxes, 'sandboxes');
  const ids = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
  if (ids.size !== sandboxes.length) throw new InvalidInputError('sandboxes', 'a sandbox twice', 'each sandbox once');
  return {
    protocol: message.protocol,
    bootId: parseBootId(message.bootId, 'bootId'),
    sequence: counter(message.sequence, 'sequence'),
    driver: textUpTo(32)(message.driver, 'driver'),
    sandboxes,
    refused: listOf(parseRefusedSandbox, MAX_REFUSED)(message.refused ?? [], 'refused'),
  };
}

/** The answer to a part of a topology. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseTopologyReply(value: unknown): TopologyReply {
  const reply = parseMemberEnvelope(value);
  return {
    protocol: reply.protocol,
    status: wordOf(['received', 'ignored', 'refused'])(reply.status, 'status'),
    code: nullOr(code)(reply.code, 'code'),
    message: nullOr(words)(reply.message, 'message'),
  };
}

/** The answer to a control message. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseAcknowledgement(value: unknown): Acknowledgement {
  const reply = parseMemberEnvelope(value);
  return {
    protocol: reply.protocol,
    ok: parseTrueOrFalse(reply.ok, 'ok'),
    code: nullOr(code)(reply.code, 'code'),
    message: nullOr(words)(reply.message, 'message'),
  };
}

const parseCheck: FieldParser<Check> = (value, field) => {
  const check = parseObject(value, field);
  return {
    code: wordOf(CHECK_CODES)(check.code, `${field}.code`),
    status: wordOf(['pass', 'fail', 'unknown', 'skipped'])(check.status, `${field}.status`),
    evidence: words(check.evidence, `${field}.evidence`),
    remedy: nullOr(words)(check.remedy, `${field}.remedy`),
  };
};

const parseHeldPart: FieldParser<NonNullable<HeldReply['held']>> = (value, field) => {
  const held = parseObject(value, field);
  const part = parseObject(held.part, `${field}.part`);
  const count = integerBetween(1, MAX_PARTS)(part.count, `${field}.part.count`);
  return {
    version: networkVersionIn(BUS_PROTOCOL)(held.version, `${field}.version`),
    part: { index: integerBetween(0, count - 1)(part.index, `${field}.part.index`), count },
    body: textUpTo(MAX_BODY_CHARACTERS)(held.body, `${field}.body`),
  };
};

/** Protocol 1 has none: of what such an agent decides, only an allow is known, by its check of the policy. */
const effectIn =
  (protocol: number, checks: readonly Check[]): FieldParser<SelectorEffect | null> =>
  (value, field) => {
    if (protocol === BUS_PROTOCOL) return nullOr(wordOf(SELECTOR_EFFECTS))(value, field);
    return checks.some(({ code, status }) => code === 'POLICY' && status === 'pass') ? 'allow' : null;
  };

/** An agent's answer to a question about itself. Throws ProtocolUnsupportedError, InvalidInputError. */
export function parseDiagnoseReply(value: unknown): DiagnoseReply {
  const reply = parseMemberEnvelope(value);
  const kind = wordOf(['resolve', 'checks', 'held'])(reply.kind, 'kind');
  if (kind === 'held') return { protocol: reply.protocol, kind, held: nullOr(parseHeldPart)(reply.held, 'held') };
  if (kind === 'checks') {
    const checks = listOf(parseCheck, MAX_CHECKS)(reply.checks, 'checks');
    return { protocol: reply.protocol, kind, checks, effect: effectIn(reply.protocol, checks)(reply.effect, 'effect') };
  }
  return {
    protocol: reply.protocol,
    kind: 'resolve',
    address: nullOr(textUpTo(64))(reply.address, 'address'),
    version: nullOr(counter)(reply.version, 'version'),
  };
}
