import { randomUUID } from 'node:crypto';
import { KeyFiles } from '#libs/bus/key-files.js';
import { type CertificateAuthority, createAuthority, loadAuthority } from '#libs/mesh/certificates.js';

const TEN_YEARS_SECONDS = 10 * 365 * 86_400;

/** The store's own authority for mesh certificates, made at the first start and kept in the keys folder. */
export async function openMeshAuthority(keysFolder: string, now: Date): Promise<CertificateAuthority> {
  const fresh = await createAuthority({ storeId: randomUUID(), now, ttlSeconds: TEN_YEARS_SECONDS });
  const kept = new KeyFiles(keysFolder).readOrCreate('mesh-authority.json', () => JSON.stringify(fresh));
  const { certificate, privateKey } = JSON.parse(kept) as typeof fresh;
  return loadAuthority({ certificate, privateKey });
}
