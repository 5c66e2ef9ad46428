import { Inject, Injectable } from '@nestjs/common';
import type { BusAuthority } from '#libs/bus/authority.js';
import type { AgentCredentialsDto } from '#libs/contracts/http/enrollment.js';
import { type CertificateAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import { meshToJoin } from '../foundation/mesh-settings.js';
import { BUS_AUTHORITY, CLOCK, type Clock, MESH_AUTHORITY, SETTINGS, STORE_KEYS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import type { StoreKeys } from '../foundation/store-keys.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { Suspensions } from './suspensions.js';

export interface Application {
  /** Whom the credentials are for. */
  readonly identity: MeshIdentity;
  /** Public NATS user key, whose seed only the member holds. */
  readonly nkey: string;
  /** PKCS #10 in PEM for the mesh key, which only the member holds. */
  readonly certificateRequest: string;
  readonly ttlSeconds: number;
}

/** The credentials that every member gets. */
export type IssuedCredentials = Omit<AgentCredentialsDto, 'agentId' | 'storeId'>;

/** Issues short-lived credentials for the bus and the mesh, with the public key that verifies snapshots. */
@Injectable()
export class CredentialsIssuer {
  constructor(
    @Inject(BUS_AUTHORITY) private readonly bus: BusAuthority,
    @Inject(MESH_AUTHORITY) private readonly mesh: CertificateAuthority,
    @Inject(STORE_KEYS) private readonly keys: StoreKeys,
    private readonly epoch: StoreEpoch,
    private readonly suspensions: Suspensions,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: MemberSuspendedError, CertificateRequestError. */
  async issue({ identity, nkey, certificateRequest, ttlSeconds }: Application): Promise<IssuedCredentials> {
    this.suspensions.requireNone(nkey);
    const now = this.clock();
    const expiresAt = new Date(now.getTime() + ttlSeconds * 1_000);
    const { certificate } = await this.mesh.issue({
      request: certificateRequest,
      identity,
      now,
      ttlSeconds,
      serialNumber: newSerialNumber(),
    });
    return {
      busJwt: await this.busJwt(identity, nkey, expiresAt),
      busServers: this.settings.busAdvertised,
      certificate,
      authority: this.mesh.certificate,
      ...meshToJoin(this.settings.mesh),
      snapshotPublicKey: this.keys.topology.publicKey,
      snapshotKeys: this.keys.topology.trusted,
      successions: this.keys.successions.all,
      epoch: this.epoch.current,
      expiresAt: expiresAt.toISOString(),
    };
  }

  private busJwt(identity: MeshIdentity, nkey: string, expiresAt: Date): Promise<string> {
    if (identity.kind === 'agent') return this.bus.issueAgent(identity.agentId, nkey, expiresAt);
    return this.bus.issueLocalNode(identity.node, nkey, expiresAt);
  }
}
