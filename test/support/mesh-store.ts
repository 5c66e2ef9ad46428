import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import {
  type AgentId,
  parseAgentId,
  parseAliasName,
  parseFlowId,
  parseLocalNodeId,
  parseNetworkId,
  parseSandboxId,
  parseUserName,
} from '#libs/contracts/ids.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import {
  type AuthorityMaterial,
  type CertificateAuthority,
  createAuthority,
  loadAuthority,
  newSerialNumber,
} from '#libs/mesh/certificates.js';
import type { FlowRequest, MeshCredentials, MeshIdentity } from '#libs/mesh/flow.js';
import { createPrivateKeyPem, KEY_ALGORITHM, signingPair } from '#libs/mesh/keys.js';

export const agent = (name: string): AgentId => parseAgentId(name, 'agent');
/** As the control plane lists an agent; `keyThumbprint` null: with any key. */
export const peerNamed = (
  name: string,
  endpoints: readonly string[] = [],
  keyThumbprint: string | null = null,
): Peer => ({
  agentId: agent(name),
  endpoints,
  keyThumbprint,
});
export const agentIdentity = (name: string): MeshIdentity => ({ kind: 'agent', agentId: agent(name) });
export const localIdentity = (user: string, node: string): Extract<MeshIdentity, { kind: 'local' }> => ({
  kind: 'local',
  user: parseUserName(user, 'user'),
  node: parseLocalNodeId(node, 'node'),
});

/**
 * A store's authority, and credentials from it: as the control plane issues them, or as a forger with its key would.
 */
export class TestStore {
  private constructor(
    private readonly material: AuthorityMaterial,
    private readonly authority: CertificateAuthority,
  ) {}

  static async create(storeId: string): Promise<TestStore> {
    const material = await createAuthority({ storeId, now: new Date(), ttlSeconds: 86_400 });
    return new TestStore(material, await loadAuthority(material));
  }

  get certificate(): string {
    return this.material.certificate;
  }

  /** `ageSeconds`: how long ago it was issued. */
  async credentials(identity: MeshIdentity, ttlSeconds = 3_600, ageSeconds = 0): Promise<MeshCredentials> {
    const privateKey = createPrivateKeyPem();
    const { certificate } = await this.authority.issue({
      request: createCertificateRequest(privateKey),
      identity,
      now: new Date(Date.now() - ageSeconds * 1_000),
      ttlSeconds,
      serialNumber: newSerialNumber(),
    });
    return { certificate, privateKey, authority: this.certificate };
  }

  /** Signed by this authority with any names, as the control plane never would. */
  async forged(names: ConstructorParameters<typeof SubjectAlternativeNameExtension>[0]): Promise<MeshCredentials> {
    const privateKey = createPrivateKeyPem();
    const certificate = await X509CertificateGenerator.create(
      {
        serialNumber: newSerialNumber(),
        subject: [{ CN: ['forged'] }],
        issuer: new X509Certificate(this.certificate).subjectName.toJSON(),
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 3_600_000),
        publicKey: (await signingPair(privateKey)).publicKey,
        signingKey: (await signingPair(this.material.privateKey)).privateKey,
        signingAlgorithm: KEY_ALGORITHM,
        extensions: [
          new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
          new SubjectAlternativeNameExtension(names),
        ],
      },
      webcrypto,
    );
    return { certificate: certificate.toString('pem'), privateKey, authority: this.certificate };
  }
}

export function flowRequest(changes: Partial<FlowRequest> = {}): FlowRequest {
  return {
    flowId: parseFlowId(randomBytes(16).toString('hex'), 'flow'),
    networkId: parseNetworkId('7c1f-1', 'network'),
    alias: parseAliasName('api', 'alias'),
    port: 8080,
    source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
    version: 7,
    ...changes,
  };
}
