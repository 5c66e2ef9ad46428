import { Inject, Injectable } from '@nestjs/common';
import type { AgentCredentialsDto } from '#libs/contracts/http/enrollment.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { CertificateAuthority } from '#libs/mesh/certificates.js';
import { MESH_AUTHORITY, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { CredentialsIssuer } from '../identity/credentials-issuer.js';

/** Issues short-lived credentials to an agent, for keys that only the agent holds. */
@Injectable()
export class Credentials {
  constructor(
    private readonly issuer: CredentialsIssuer,
    @Inject(MESH_AUTHORITY) private readonly mesh: CertificateAuthority,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
  ) {}

  /** Error: CertificateRequestError. */
  async issue(agentId: AgentId, nkey: string, certificateRequest: string): Promise<AgentCredentialsDto> {
    const ttlSeconds = this.settings.credentialSeconds;
    const identity = { kind: 'agent', agentId } as const;
    const issued = await this.issuer.issue({ identity, nkey, certificateRequest, ttlSeconds });
    return { agentId, ...issued, storeId: this.mesh.storeId };
  }
}
