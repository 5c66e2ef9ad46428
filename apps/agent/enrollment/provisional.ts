import type { MemberKeys } from '#libs/member/keys.js';
import { createAuthority, loadAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import type { AgentCredentials } from './credentials.js';

const ONE_DAY_SECONDS = 86_400;

/**
 * Credentials for a mesh key that the control plane has not certified yet: no peer takes them, since no authority of
 * theirs has signed them. With them the agent is ready to join the moment that its real ones come.
 */
export async function provisionalCredentials(
  { agentId, storeId, authority }: AgentCredentials,
  keys: MemberKeys,
  now: Date,
): Promise<MeshCredentials> {
  const unknown = await loadAuthority(await createAuthority({ storeId, now, ttlSeconds: ONE_DAY_SECONDS }));
  const { certificate } = await unknown.issue({
    request: await keys.certificateRequest(),
    identity: { kind: 'agent', agentId },
    now,
    ttlSeconds: ONE_DAY_SECONDS,
    serialNumber: newSerialNumber(),
  });
  return { certificate, authority, privateKey: keys.meshPrivateKey };
}
