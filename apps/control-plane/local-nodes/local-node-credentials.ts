import { Inject, Injectable } from '@nestjs/common';
import type { LocalNodeCredentialsDto } from '#libs/contracts/http/local-nodes.js';
import type { LocalNodeId, NetworkId, NetworkName, UserName } from '#libs/contracts/ids.js';
import { meshNotConfigured, meshToJoin } from '../foundation/mesh-settings.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { CredentialsIssuer } from '../identity/credentials-issuer.js';

interface Application {
  readonly nodeId: LocalNodeId;
  readonly user: UserName;
  readonly network: NetworkName;
  readonly networkId: NetworkId;
  readonly nkey: string;
  readonly certificateRequest: string;
  readonly tokenExpiresAt: Date | null;
}

/** Issues short-lived credentials to a developer's machine; they never outlive its token. */
@Injectable()
export class LocalNodeCredentials {
  constructor(
    private readonly issuer: CredentialsIssuer,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: CertificateRequestError, MeshNotConfiguredError. */
  async issue(application: Application): Promise<LocalNodeCredentialsDto> {
    const { nodeId, user, network, networkId, nkey, certificateRequest, tokenExpiresAt } = application;
    const { meshTransport, meshControlUrl } = meshToJoin(this.settings.mesh);
    // A missing key source is fine here: existing members need no key.
    if (meshTransport === null || (meshTransport === 'tsnet' && meshControlUrl === null)) {
      throw meshNotConfigured(this.settings.mesh);
    }
    const identity = { kind: 'local', user, node: nodeId } as const;
    const ttlSeconds = this.ttlSeconds(tokenExpiresAt);
    return {
      ...(await this.issuer.issue({ identity, nkey, certificateRequest, ttlSeconds })),
      ...{ nodeId, user, network, networkId, meshTransport },
      tokenExpiresAt: tokenExpiresAt?.toISOString() ?? null,
    };
  }

  private ttlSeconds(tokenExpiresAt: Date | null): number {
    const { localCredentialSeconds } = this.settings;
    if (tokenExpiresAt === null) return localCredentialSeconds;
    const secondsLeft = Math.floor((tokenExpiresAt.getTime() - this.clock().getTime()) / 1_000);
    return Math.max(1, Math.min(localCredentialSeconds, secondsLeft));
  }
}
