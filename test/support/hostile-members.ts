import { issuedFor } from '#apps/local-node/issued.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import { newSeed } from '#libs/bus/nats-keys.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import {
  AGENT_SUBJECT_PREFIX,
  agentInboxPrefix,
  agentSubject,
  CONTROL_PLANE_INBOX_PREFIX,
  LOCAL_NODE_SUBJECT_PREFIX,
  localNodeInboxPrefix,
} from '#libs/contracts/bus/subjects.js';
import { parseAgentId, parseNetworkName } from '#libs/contracts/ids.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import { enrollmentStatement } from '#libs/contracts/renewal.js';
import { type MemberCredentials, parseMemberCredentials } from '#libs/member/credentials.js';
import { type MemberKeys, memberKeys } from '#libs/member/keys.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { networkIdOf } from './record.js';
import type { RunningStack } from './stack.js';

/** The input of test/programs/hostile-member. */
export interface HostileMemberSettings {
  readonly busServers: readonly string[];
  readonly busJwt: string;
  readonly nkeySeed: string;
  readonly inbox: string;
  /** The subject's part before the name of a message. */
  readonly subject: string;
  readonly messages: readonly string[];
  readonly certificate: string;
  readonly authority: string;
  readonly meshPrivateKey: string;
  readonly meshEndpoint: string;
  readonly networkId: string;
  readonly source: string;
}

const EVIL = parseAgentId('host-evil', 'agent');
const SANDBOX = 'sbx-evil';

/** A third agent of the stack, with a sandbox that is attached to `network`, so that the others admit it. */
export async function hostileAgent(stack: RunningStack, network: string): Promise<HostileMemberSettings> {
  const { token } = parseObject(await stack.json(['agent', 'enroll', EVIL]), 'token');
  const keys = memberKeys(newSeed('user'), createPrivateKeyPem());
  const enrollment = {
    name: EVIL,
    nkey: keys.nkey,
    certificateRequest: keys.certificateRequest(),
    timestamp: new Date().toISOString(),
  };
  const response = await fetch(`${stack.url}/v1/agent-enrollments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': keys.nkey },
    body: JSON.stringify({ token, ...enrollment, signature: keys.sign(enrollmentStatement(enrollment)) }),
  });
  const answer = parseObject(await response.json(), 'credentials');
  const credentials = parseMemberCredentials({ ...answer, issuedAt: new Date().toISOString() });
  await reportSandbox(credentials, keys);
  await stack.json(['network', 'attach', network, SANDBOX, '--alias', 'evil', '--port', '8080']);
  return {
    ...(await settingsOf(stack, network, credentials, keys)),
    inbox: agentInboxPrefix(EVIL),
    subject: `${AGENT_SUBJECT_PREFIX}.${EVIL}`,
    messages: ['heartbeat', 'hello', 'applied', 'inventory'],
    source: `sandbox:${SANDBOX}`,
  };
}

/** A developer's machine that has joined `network`. */
export async function hostileLocalNode(stack: RunningStack, network: string): Promise<HostileMemberSettings> {
  const keys = memberKeys(newSeed('user'), createPrivateKeyPem());
  const asker = {
    url: stack.url,
    network: parseNetworkName(network, 'network'),
    machine: 'evil-laptop',
    token: () => stack.token,
    now: () => new Date(),
  };
  const credentials = await issuedFor(asker, keys);
  return {
    ...(await settingsOf(stack, network, credentials, keys)),
    inbox: localNodeInboxPrefix(credentials.nodeId),
    subject: `${LOCAL_NODE_SUBJECT_PREFIX}.${credentials.nodeId}`,
    messages: ['heartbeat', 'hello', 'applied'],
    source: `local:${credentials.user}:${credentials.nodeId}`,
  };
}

async function settingsOf(
  stack: RunningStack,
  network: string,
  { busServers, busJwt, certificate, authority }: MemberCredentials,
  { nkeySeed, meshPrivateKey }: MemberKeys,
) {
  const { items } = (await stack.json(['agent', 'list'])) as {
    readonly items: readonly { readonly id: string; readonly mesh: { readonly endpoints: readonly string[] } }[];
  };
  return {
    busServers,
    busJwt,
    nkeySeed,
    certificate,
    authority,
    meshPrivateKey,
    meshEndpoint: items.find(({ id }) => id === 'host-b')?.mesh.endpoints[0] ?? '',
    networkId: await networkIdOf(stack, network),
  };
}

async function reportSandbox({ busServers, busJwt }: MemberCredentials, { nkeySeed }: MemberKeys): Promise<void> {
  const bus = connectBus({
    servers: busServers,
    name: EVIL,
    inboxPrefix: agentInboxPrefix(EVIL),
    replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
    credentials: () => ({ jwt: busJwt, seed: nkeySeed }),
    onStatus: () => {},
  });
  const life = { protocol: BUS_PROTOCOL, bootId: 'boot-evil', driver: 'static' };
  const mesh = { transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['192.0.2.1:7443'] };
  const sandbox = {
    sandboxId: SANDBOX,
    address: '127.9.0.1',
    isolation: 'advisory',
    source: 'unverified',
    dns: 'active',
    dnsRemedy: null,
    namespace: null,
  };
  try {
    const signal = AbortSignal.timeout(10_000);
    const hello = { ...life, softwareVersion: '0.1.0', mesh, networks: [] };
    await bus.requestUntilAnswered(agentSubject(EVIL, 'hello'), hello, signal);
    const inventory = { ...life, sequence: 1, sandboxes: [sandbox] };
    await bus.requestUntilAnswered(agentSubject(EVIL, 'inventory'), inventory, signal);
  } finally {
    await bus.close();
  }
}
