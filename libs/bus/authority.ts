import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { encodeAccount, encodeOperator, encodeUser, type KeyPair, newScopedSigner } from '@nats-io/jwt';
import {
  AGENT_SUBJECT_PREFIX,
  CONTROL_PLANE_INBOX_PREFIX,
  FROM_AGENT,
  FROM_LOCAL_NODE,
  LOCAL_NODE_SUBJECT_PREFIX,
  TO_AGENT,
  TO_LOCAL_NODE,
} from '#libs/contracts/bus/subjects.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import type { BusCredentials } from './bus.js';
import { KeyFiles, RESTORE_KEYS } from './key-files.js';
import { createUser, newSeed, parseSeed } from './nats-keys.js';
import { CONNECTION_SUBJECTS, closeConnection, openConnectionsOf } from './open-connections.js';
import { asSystem } from './system-account.js';

/** nats-server did not accept the account's new revocations. */
export class RevocationsRefusedError extends CodedError {}

/** A member that user JWTs were issued to. */
export type BusHolder =
  | { readonly kind: 'agent'; readonly id: AgentId; readonly nkey: string }
  | { readonly kind: 'local'; readonly id: LocalNodeId; readonly nkey: string };

/** By the public key of a NATS user: everything issued to it up to this time (Unix seconds) is void. */
export type Revocations = { readonly [nkey: string]: number };

/**
 * Where a nats-server listens, keeps its accounts and finds its certificate. Without `tls`, clients connect
 * unencrypted.
 */
export interface BusServerPlace {
  readonly host: string;
  readonly port: number;
  readonly jwtFolder: string;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
}

const UNLIMITED = { conn: -1, subs: -1, data: -1, payload: -1, imports: -1, exports: -1, wildcards: true, leaf: -1 };
/** Subscriptions of one connection. A member needs four. */
const MEMBER_SUBSCRIPTIONS = 32;
/**
 * Bytes that may wait for one connection before the server closes it as a slow consumer. A member that floods the bus
 * with large messages reaches the server's default of 64 MiB before the control plane has cut it off.
 */
const MOST_PENDING_BYTES = 128 * 1_024 * 1_024;
const RESPONSE_TTL_NANOSECONDS = 30_000_000_000;
const CLAIMS_UPDATE_SUBJECT = '$SYS.REQ.CLAIMS.UPDATE';
const CLAIMS_TIMEOUT_MS = 3_000;

/**
 * The keys behind every NATS credential: operator, account, system account, and one scoped signing key each for agents
 * and for local nodes. The server fills the name into the key's permission template, so no user JWT can have more
 * permissions.
 */
export interface BusAuthority {
  /** Public keys by the name of the key's file. */
  readonly publicKeys: { readonly [file: string]: string };
  /** Configuration of a nats-server that trusts these keys. Contains no secret. */
  serverConfig(server: BusServerPlace): Promise<string>;
  /** A user JWT for the agent's own public nkey. */
  issueAgent(agentId: AgentId, nkey: string, expiresAt: Date): Promise<string>;
  /** As issueAgent, for a developer's machine. */
  issueLocalNode(nodeId: LocalNodeId, nkey: string, expiresAt: Date): Promise<string>;
  /** Credentials of the control plane itself, issued anew at each call. */
  controlPlaneCredentials(): Promise<BusCredentials>;
  /**
   * Replaces the revocations of the running server, which closes connections of revoked users. Call it after each
   * connect: a server that lost its disk has none. Errors: RevocationsRefusedError, or the connection's.
   */
  publishRevocations(servers: readonly string[], revocations: Revocations): Promise<void>;
  /**
   * Closes every connection that this holder has open with this key, at any server of the bus, and returns their
   * number. Errors: BusServersSilentError, or the connection's.
   */
  closeConnections(servers: readonly string[], holder: BusHolder): Promise<number>;
}

/** The files of a keys folder that hold the keys of the bus. */
export const BUS_KEY_FILES = [
  'nats-operator.seed',
  'nats-account.seed',
  'nats-system-account.seed',
  'nats-agent-signing.seed',
  'nats-local-node-signing.seed',
] as const;

/**
 * Removes the keys of the bus from a folder and makes others. Nothing that the former keys signed is accepted by a
 * nats-server with the configuration of the new ones. Errors: those of loadBusAuthority, or the system's.
 */
export function replaceBusAuthority(folder: string): BusAuthority {
  for (const name of BUS_KEY_FILES) rmSync(join(folder, name), { force: true });
  return loadBusAuthority(folder);
}

/** Reads the keys from a folder and makes those that are missing. Error: KeyFileUnusableError. */
export function loadBusAuthority(folder: string): BusAuthority {
  const files = new KeyFiles(folder, RESTORE_KEYS);
  const publicKeys: Record<string, string> = {};
  const keyPair = (name: (typeof BUS_KEY_FILES)[number], kind: 'operator' | 'account'): KeyPair => {
    const holds = `the seed of a NATS ${kind}`;
    const pair = files.readOrCreate({ name, holds, parse: (text: string) => parseSeed(kind, text) }, () =>
      newSeed(kind),
    );
    publicKeys[name] = pair.getPublicKey();
    return pair;
  };
  const operator = keyPair('nats-operator.seed', 'operator');
  const account = keyPair('nats-account.seed', 'account');
  const systemAccount = keyPair('nats-system-account.seed', 'account');
  const agentSigner = keyPair('nats-agent-signing.seed', 'account');
  const localNodeSigner = keyPair('nats-local-node-signing.seed', 'account');

  const agentScope = newScopedSigner(agentSigner, 'agent', {
    pub: { allow: FROM_AGENT.map((message) => `${AGENT_SUBJECT_PREFIX}.{{name()}}.${message}`) },
    sub: {
      allow: [...TO_AGENT.map((message) => `${AGENT_SUBJECT_PREFIX}.{{name()}}.${message}`), '_INBOX.{{name()}}.>'],
    },
    resp: { max: 1, ttl: RESPONSE_TTL_NANOSECONDS },
    subs: MEMBER_SUBSCRIPTIONS,
  });
  const localNodeScope = newScopedSigner(localNodeSigner, 'local-node', {
    pub: { allow: FROM_LOCAL_NODE.map((message) => `${LOCAL_NODE_SUBJECT_PREFIX}.{{name()}}.${message}`) },
    sub: {
      allow: [
        ...TO_LOCAL_NODE.map((message) => `${LOCAL_NODE_SUBJECT_PREFIX}.{{name()}}.${message}`),
        '_INBOX.local.{{name()}}.>',
      ],
    },
    resp: { max: 1, ttl: RESPONSE_TTL_NANOSECONDS },
    subs: MEMBER_SUBSCRIPTIONS,
  });
  const issue = (name: string, nkey: string, signer: KeyPair, expiresAt: Date): Promise<string> =>
    encodeUser(
      name,
      nkey,
      signer,
      { issuer_account: account.getPublicKey() },
      { scopedUser: true, exp: Math.floor(expiresAt.getTime() / 1_000) },
    );

  const accountJwt = (revocations: Revocations): Promise<string> =>
    encodeAccount(
      'globalstacks',
      account,
      { limits: UNLIMITED, signing_keys: [agentScope, localNodeScope], revocations: { ...revocations } },
      { signer: operator },
    );

  return {
    publicKeys,

    async serverConfig({ host, port, jwtFolder, tls }) {
      const operatorJwt = await encodeOperator('globalstacks', operator, {
        system_account: systemAccount.getPublicKey(),
      });
      const systemJwt = await encodeAccount('system', systemAccount, { limits: UNLIMITED }, { signer: operator });
      return [
        `host: ${JSON.stringify(host)}`,
        `port: ${port}`,
        `max_pending: ${MOST_PENDING_BYTES}`,
        ...(tls === undefined
          ? []
          : [`tls: { cert_file: ${JSON.stringify(tls.certFile)}, key_file: ${JSON.stringify(tls.keyFile)} }`]),
        `operator: ${operatorJwt}`,
        `system_account: ${systemAccount.getPublicKey()}`,
        `resolver: { type: full, dir: ${JSON.stringify(jwtFolder)}, allow_delete: false, interval: "2m", limit: 100 }`,
        'resolver_preload: {',
        `  ${account.getPublicKey()}: ${await accountJwt({})}`,
        `  ${systemAccount.getPublicKey()}: ${systemJwt}`,
        '}',
        '',
      ].join('\n');
    },

    issueAgent: (agentId, nkey, expiresAt) => issue(agentId, nkey, agentSigner, expiresAt),
    issueLocalNode: (nodeId, nkey, expiresAt) => issue(nodeId, nkey, localNodeSigner, expiresAt),

    async controlPlaneCredentials() {
      const user = createUser();
      const jwt = await encodeUser('control-plane', user, account, {
        pub: {
          allow: [
            ...TO_AGENT.map((message) => `${AGENT_SUBJECT_PREFIX}.*.${message}`),
            ...TO_LOCAL_NODE.map((message) => `${LOCAL_NODE_SUBJECT_PREFIX}.*.${message}`),
            // Used instead of one response per request, which would allow any subject that a request names for its
            // reply.
            '_INBOX.>',
          ],
          deny: [`${CONTROL_PLANE_INBOX_PREFIX}.>`],
        },
        sub: {
          allow: [
            ...FROM_AGENT.map((message) => `${AGENT_SUBJECT_PREFIX}.*.${message}`),
            ...FROM_LOCAL_NODE.map((message) => `${LOCAL_NODE_SUBJECT_PREFIX}.*.${message}`),
            `${CONTROL_PLANE_INBOX_PREFIX}.>`,
          ],
        },
      });
      return { jwt, seed: new TextDecoder().decode(user.getSeed()) };
    },

    async publishRevocations(servers, revocations) {
      const claims = await accountJwt(revocations);
      const reply = await asSystem(systemAccount, servers, [CLAIMS_UPDATE_SUBJECT], (connection) =>
        connection.request(CLAIMS_UPDATE_SUBJECT, claims, { timeout: CLAIMS_TIMEOUT_MS }),
      );
      const answer: { error?: { description?: string } } = reply.json();
      if (answer.error) {
        throw new RevocationsRefusedError(
          'REVOCATIONS_REFUSED',
          `nats-server refused the revocations: ${answer.error.description ?? 'no reason given'}`,
          'check that nats-server was started with the configuration of this keys folder',
        );
      }
    },

    closeConnections: (servers, { kind, id, nkey }) =>
      asSystem(systemAccount, servers, CONNECTION_SUBJECTS, async (connection) => {
        const issuer = (kind === 'agent' ? agentSigner : localNodeSigner).getPublicKey();
        const found = await openConnectionsOf(connection, account.getPublicKey(), { name: id, nkey, issuer });
        for (const open of found) await closeConnection(connection, open);
        return found.length;
      }),
  };
}
