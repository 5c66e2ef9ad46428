import { randomBytes } from 'node:crypto';
import {
  type AgentId,
  parseAgentId,
  parseAliasName,
  parseFlowId,
  parseNetworkId,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import {
  type CertificateAuthority,
  createAuthority,
  createCertificateRequest,
  loadAuthority,
  newSerialNumber,
} from '#libs/mesh/certificates.js';
import type { FlowRequest, MeshCredentials, MeshIdentity } from '#libs/mesh/flow.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

export const agent = (name: string): AgentId => parseAgentId(name, 'agent');
export const agentIdentity = (name: string): MeshIdentity => ({ kind: 'agent', agentId: agent(name) });

/** A store's authority, and credentials from it as the control plane would give them. */
export class TestStore {
  private constructor(private readonly authority: CertificateAuthority) {}

  static async create(storeId: string): Promise<TestStore> {
    const material = await createAuthority({ storeId, now: new Date(), ttlSeconds: 86_400 });
    return new TestStore(await loadAuthority(material));
  }

  /** `age`: how long ago it was issued, in seconds. */
  async credentials(identity: MeshIdentity, ttlSeconds = 3_600, age = 0): Promise<MeshCredentials> {
    const privateKey = createPrivateKeyPem();
    const { certificate } = await this.authority.issue({
      request: await createCertificateRequest(privateKey),
      identity,
      now: new Date(Date.now() - age * 1_000),
      ttlSeconds,
      serialNumber: newSerialNumber(),
    });
    return { certificate, privateKey, authority: this.authority.certificate };
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
