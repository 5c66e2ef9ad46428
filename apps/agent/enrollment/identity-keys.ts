import { KeyFiles } from '#libs/bus/key-files.js';
import { type MemberKeys, memberKeys, newBusSeed } from '#libs/member/keys.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** The agent's own keys, kept 0600. */
export interface IdentityKeys extends MemberKeys {
  /** The mesh key was made just now: no certificate names it yet. */
  readonly isMeshKeyNew: boolean;
}

/** Reads the keys of the folder, making those that are missing. */
export function openIdentityKeys(folder: string): IdentityKeys {
  const files = new KeyFiles(folder);
  const nkeySeed = files.readOrCreate('bus.seed', newBusSeed);
  let isMeshKeyNew = false;
  const meshPrivateKey = files.readOrCreate('mesh.pem', () => {
    isMeshKeyNew = true;
    return createPrivateKeyPem().trim();
  });
  return { ...memberKeys(nkeySeed, meshPrivateKey), isMeshKeyNew };
}
