import { randomUUID } from 'node:crypto';
import { KeyFiles, RESTORE_KEYS } from '#libs/bus/key-files.js';
import { parseObject, textUpTo } from '#libs/contracts/json-fields.js';
import {
  type AuthorityMaterial,
  type CertificateAuthority,
  createAuthority,
  loadAuthority,
} from '#libs/mesh/certificates.js';

const TEN_YEARS_SECONDS = 10 * 365 * 86_400;
const LONGEST_PEM = 16_384;
export const MESH_AUTHORITY_FILE = 'mesh-authority.json';
const HOLDS = 'the mesh authority, a certificate and its key in JSON';

/**
 * Opens the store's authority for mesh certificates, which is made at the first start and kept in the keys folder.
 * Error: KeyFileUnusableError.
 */
export async function openMeshAuthority(keysFolder: string, now: Date): Promise<CertificateAuthority> {
  const files = new KeyFiles(keysFolder, RESTORE_KEYS);
  const kept = files.read({ name: MESH_AUTHORITY_FILE, holds: HOLDS, parse: parseMaterial });
  if (kept === null) {
    const fresh = await createAuthority({ storeId: randomUUID(), now, ttlSeconds: TEN_YEARS_SECONDS });
    return loadAuthority(parseMaterial(files.keep(MESH_AUTHORITY_FILE, JSON.stringify(fresh))));
  }
  try {
    return await loadAuthority(kept);
  } catch {
    throw files.unusable(MESH_AUTHORITY_FILE, `does not hold ${HOLDS}`);
  }
}

function parseMaterial(text: string): AuthorityMaterial {
  const { certificate, privateKey } = parseObject(JSON.parse(text), MESH_AUTHORITY_FILE);
  const pem = textUpTo(LONGEST_PEM);
  return { certificate: pem(certificate, 'certificate'), privateKey: pem(privateKey, 'privateKey') };
}
