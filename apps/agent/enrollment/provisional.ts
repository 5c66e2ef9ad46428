import type { MemberKeys } from '#libs/member/keys.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import type { AgentCredentials } from './credentials.js';

const ONE_DAY_SECONDS = 86_400;

/**
 * Self-made credentials for a mesh key that the control plane has not certified yet. No peer accepts them, because no
 * trusted authority signed them; with them, the agent can prepare to join as soon as the real ones arrive.
 */
export async function provisionalCredentials(
  { agentId, storeId, authority }: AgentCredentials,
  keys: MemberKeys,
  now: Date,
): Promise<MeshCredentials> {
  // Few agents need it, and loading it takes a tenth of a start.
  const { createAuthority, loadAuthority, newSerialNumber } = await import('#libs/mesh/certificates.js');
  const unknown = await loadAuthority(await createAuthority({ storeId, now, ttlSeconds: ONE_DAY_SECONDS }));
  const { certificate } = await unknown.issue({
    request: keys.certificateRequest(),
    identity: { kind: 'agent', agentId },
    now,
    ttlSeconds: ONE_DAY_SECONDS,
    serialNumber: newSerialNumber(),
  });
  return { certificate, authority, privateKey: keys.meshPrivateKey };
}
