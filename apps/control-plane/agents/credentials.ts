import { Inject, Injectable } from '@nestjs/common';
import type { BusAuthority } from '#libs/bus/authority.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { AgentCredentialsDto } from '#libs/contracts/http/enrollment.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { type CertificateAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import { meshToJoin } from '../foundation/mesh-settings.js';
import { BUS_AUTHORITY, CLOCK, type Clock, MESH_AUTHORITY, SETTINGS, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { StoreEpoch } from '../record/store-epoch.js';

/** Short-lived credentials of one agent, for keys that only the agent holds. */
@Injectable()
export class Credentials {
  constructor(
    @Inject(BUS_AUTHORITY) private readonly bus: BusAuthority,
    @Inject(MESH_AUTHORITY) private readonly mesh: CertificateAuthority,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    private readonly epoch: StoreEpoch,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Error: CertificateRequestError. */
  async issue(agentId: AgentId, nkey: string, certificateRequest: string): Promise<AgentCredentialsDto> {
    const now = this.clock();
    const expiresAt = new Date(now.getTime() + this.settings.credentialSeconds * 1_000);
    const { certificate } = await this.mesh.issue({
      request: certificateRequest,
      identity: { kind: 'agent', agentId },
      now,
      ttlSeconds: this.settings.credentialSeconds,
      serialNumber: newSerialNumber(),
    });
    return {
      agentId,
      busJwt: await this.bus.issueAgent(agentId, nkey, expiresAt),
      busServers: this.settings.busAdvertised,
      certificate,
      authority: this.mesh.certificate,
      ...meshToJoin(this.settings.mesh),
      snapshotPublicKey: this.signer.publicKey,
      storeId: this.mesh.storeId,
      epoch: this.epoch.current,
      expiresAt: expiresAt.toISOString(),
    };
  }
}
