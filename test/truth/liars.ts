import { existsSync, readFileSync } from 'node:fs';
import type { Bus } from '#libs/bus/bus.js';
import { connectBus } from '#libs/bus/nats-bus.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { HeartbeatMessage } from '#libs/contracts/bus/from-member/heartbeat.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentInboxPrefix, agentSubject, CONTROL_PLANE_INBOX_PREFIX } from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseAgentId, parseNetworkId } from '#libs/contracts/ids.js';
import { identityOf } from '#test/support/agent-identity.js';
import { waitFor } from '#test/support/wait.js';
import type { Host } from './places.js';
import type { Rig } from './rig.js';

/** The content of a lie about one network. */
export interface Claim {
  readonly networkId: string;
  readonly epoch: { readonly counter: number; readonly id: string };
  readonly version: number;
  readonly hash: string;
  readonly signature: Signature;
}

/** The signature of a claim: none, any bytes, or the control plane's for another version. */
export const SIGNATURES = ['none', 'invented', "of the agent's own version"] as const;
export type Signature = (typeof SIGNATURES)[number];

const CONNECT_MS = 3_000;
const ANSWER_MS = 500;

/** An attacker who has everything on an agent's disk, and makes false statements on the bus. */
export async function lie(rig: Rig, host: Host, manner: 'applied' | 'heartbeat', claim: Claim): Promise<string> {
  const { credentials, keys } = await identityOf(rig.stack, host);
  const agentId = parseAgentId(host, 'host');
  const bus = connectBus({
    servers: credentials.busServers,
    name: `liar-${host}`,
    inboxPrefix: agentInboxPrefix(agentId),
    credentials: () => ({ jwt: credentials.busJwt, seed: keys.nkeySeed }),
    onStatus: () => {},
    onFault: () => {},
    replyInbox: () => CONTROL_PLANE_INBOX_PREFIX,
  });
  const signature = signatureOf(rig, host, claim);
  try {
    await waitFor('the liar is on the bus', () => bus.status() === 'connected', CONNECT_MS);
    const message =
      manner === 'applied'
        ? appliedOf(claim, signature)
        : heartbeatOf(claim, signature, agentId, rig.meshEndpoint(host));
    return await send(bus, agentSubject(agentId, manner), message);
  } catch (error) {
    return `not said: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    await bus.close();
  }
}

async function send(bus: Bus, subject: string, message: unknown): Promise<string> {
  try {
    await bus.request(subject, message, ANSWER_MS);
    return 'taken';
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

function signatureOf(rig: Rig, host: Host, { networkId, signature }: Claim): string | null {
  if (signature === 'none') return null;
  const file = rig.stateFile(host, `networks/${networkId}.json`);
  const kept = existsSync(file) ? /"signature":"([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1] : undefined;
  return signature === 'invented' || kept === undefined ? Buffer.alloc(64, 7).toString('base64') : kept;
}

function appliedOf(claim: Claim, signature: string | null): AppliedMessage {
  return {
    protocol: BUS_PROTOCOL,
    epoch: claim.epoch,
    networkId: parseNetworkId(claim.networkId, 'network'),
    from: null,
    to: claim.version,
    hash: claim.hash,
    signature,
    outcome: 'applied',
    code: null,
    message: null,
    aliasFailures: [],
    flowsCut: [],
    appliedAt: new Date().toISOString(),
  };
}

function heartbeatOf(claim: Claim, signature: string | null, agentId: string, meshEndpoint: string): HeartbeatMessage {
  const held: NetworkVersion = {
    networkId: parseNetworkId(claim.networkId, 'network'),
    epoch: claim.epoch,
    version: claim.version,
    hash: claim.hash,
    signature,
  };
  return {
    protocol: BUS_PROTOCOL,
    bootId: `liar-${agentId}`,
    softwareVersion: '0.1.0',
    driver: 'netns',
    mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [meshEndpoint] },
    networks: [held],
    acknowledgements: [appliedOf(claim, signature)],
  };
}
