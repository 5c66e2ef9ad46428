import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type KeyFile, KeyFiles, KeyFileUnusableError } from '#libs/bus/key-files.js';
import { newSeed, parseSeed } from '#libs/bus/nats-keys.js';
import { type MemberKeys, memberKeys } from '#libs/member/keys.js';
import { createPrivateKeyPem, parsePrivateKey } from '#libs/mesh/keys.js';
import { moveAside } from '../state/state-file.js';
import type { AgentCredentials } from './credentials.js';

/** The agent's own keys, kept 0600. */
export interface IdentityKeys extends MemberKeys {
  /** Whether the key was just made, so that the control plane does not know it. */
  readonly isBusKeyNew: boolean;
  /** As isBusKeyNew: no certificate names it yet. */
  readonly isMeshKeyNew: boolean;
}

export interface IdentityKeysPorts {
  readonly now: () => Date;
  /** Called when a mesh key was unusable and another was made. */
  readonly replaced: (error: unknown, movedTo: string) => void;
}

const BUS_KEY: KeyFile<string> = {
  name: 'bus.seed',
  holds: 'the seed of a NATS user',
  parse: (text) => {
    parseSeed('user', text);
    return text;
  },
};
const MESH_KEY: KeyFile<string> = { name: 'mesh.pem', holds: 'a P-256 key in PEM', parse: parsePrivateKey };

/**
 * Reads the keys of the folder and makes missing ones. `kept`: the credentials issued for them. The bus key is the
 * agent's identity: with it, everything else can be requested again. So a mesh key that is unusable, or not the one of
 * the certificate, is moved aside and made anew. Error: KeyFileUnusableError for the bus key.
 */
export async function openIdentityKeys(
  folder: string,
  agentId: string,
  kept: AgentCredentials | null,
  ports: IdentityKeysPorts,
): Promise<IdentityKeys> {
  const files = new KeyFiles(
    folder,
    `restore the file from a copy of the state folder; or give the agent new keys: gstacks agent revoke ${agentId}, ` +
      `empty its state folder, and enrol it again with gstacks agent enroll ${agentId}`,
  );
  const knownBusKey = files.read(BUS_KEY);
  if (kept !== null) requireIssuedFor(knownBusKey, kept, files);
  const knownMeshKey = await usableMeshKey(files, kept, ports);
  const nkeySeed = knownBusKey ?? files.keep(BUS_KEY.name, newSeed('user'));
  const meshKey = knownMeshKey ?? files.keep(MESH_KEY.name, createPrivateKeyPem().trim());
  return {
    ...memberKeys(nkeySeed, meshKey),
    isBusKeyNew: knownBusKey === null,
    isMeshKeyNew: knownMeshKey === null,
  };
}

/** Whether the certificate is for this key. */
export function isCertified({ certificate }: AgentCredentials, { meshPrivateKey }: MemberKeys): boolean {
  return isKeyOf(certificate, meshPrivateKey);
}

function requireIssuedFor(seed: string | null, { busJwt }: AgentCredentials, files: KeyFiles): void {
  if (seed === null) throw files.unusable(BUS_KEY.name, 'is missing, and credentials.json beside it was issued for it');
  if (parseSeed('user', seed).getPublicKey() !== subjectOf(busJwt)) {
    throw files.unusable(BUS_KEY.name, 'is not the key that credentials.json beside it was issued for');
  }
}

async function usableMeshKey(
  files: KeyFiles,
  kept: AgentCredentials | null,
  { now, replaced }: IdentityKeysPorts,
): Promise<string | null> {
  try {
    const key = files.read(MESH_KEY);
    if (key === null || kept === null || isKeyOf(kept.certificate, key)) return key;
    throw files.unusable(MESH_KEY.name, 'is not the key of the certificate in credentials.json');
  } catch (error) {
    if (!(error instanceof KeyFileUnusableError)) throw error;
    replaced(error, await moveAside(files.path(MESH_KEY.name), now()));
    return null;
  }
}

function isKeyOf(certificate: string, privateKeyPem: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    return false;
  }
}

/** The subject of a JWT (RFC 7519, section 4.1.2); null: it is no JWT. */
function subjectOf(jwt: string): string | null {
  try {
    const { sub } = JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof sub === 'string' ? sub : null;
  } catch {
    return null;
  }
}
