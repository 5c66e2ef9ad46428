import { Inject, Injectable } from '@nestjs/common';
import type { BusAuthority } from '#libs/bus/authority.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { LocalNodeCredentialsDto } from '#libs/contracts/http/local-nodes.js';
import type { LocalNodeId, NetworkId, NetworkName, UserName } from '#libs/contracts/ids.js';
import { type CertificateAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import { MeshNotConfiguredError, meshToJoin } from '../foundation/mesh-settings.js';
import { BUS_AUTHORITY, CLOCK, type Clock, MESH_AUTHORITY, SETTINGS, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { StoreEpoch } from '../record/store-epoch.js';

interface Application {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly network: NetworkName;
  readonly networkId: NetworkId;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly tokenExpiresAt: Date | null;
}

/** Short-lived credentials of one developer's machine; they never outlive the token they rest on. */
@Injectable()
export class LocalNodeCredentials {
  constructor(
    @Inject(BUS_AUTHORITY) private readonly bus: BusAuthority,
    @Inject(MESH_AUTHORITY) private readonly mesh: CertificateAuthority,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    private readonly epoch: StoreEpoch,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: CertificateRequestError, MeshNotConfiguredError. */
  async issue(application: Application): Promise<LocalNodeCredentialsDto> {
    const { nodeId, user, nkey, tokenExpiresAt } = application;
    const { mesh, localCredentialSeconds } = this.settings;
    const { meshTransport, meshControlUrl } = meshToJoin(mesh);
    // A mesh without keys is another matter: whoever is in it already needs none.
    if (meshTransport === null || (meshTransport === 'tsnet' && meshControlUrl === null)) {
      throw new MeshNotConfiguredError();
    }
    const now = this.clock();
    const secondsLeft =
      tokenExpiresAt === null ? localCredentialSeconds : Math.floor((tokenExpiresAt.getTime() - now.getTime()) / 1_000);
    const ttlSeconds = Math.max(1, Math.min(localCredentialSeconds, secondsLeft));
    const expiresAt = new Date(now.getTime() + ttlSeconds * 1_000);
    const { certificate } = await this.mesh.issue({
      request: application.certificateRequest,
      identity: { kind: 'local', user, node: nodeId },
      now,
      ttlSeconds,
      serialNumber: newSerialNumber(),
    });
    return {
      nodeId,
      user,
      network: application.network,
      networkId: application.networkId,
      meshTransport,
      meshControlUrl,
      busJwt: await this.bus.issueLocalNode(nodeId, nkey, expiresAt),
      busServers: this.settings.busAdvertised,
      certificate,
      authority: this.mesh.certificate,
      snapshotPublicKey: this.signer.publicKey,
      epoch: this.epoch.current,
      expiresAt: expiresAt.toISOString(),
      tokenExpiresAt: tokenExpiresAt?.toISOString() ?? null,
    };
  }
}
