import { joinStatement } from '#libs/contracts/renewal.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { type JoinRequest, type LocalCredentials, requestCredentials } from './control-plane-api.js';
import type { JoinKeys } from './keys.js';

export interface Asker extends Pick<JoinRequest, 'url' | 'network' | 'machine'> {
  /** The one of the moment: a later login may have brought another. */
  readonly token: () => string;
  readonly now: () => Date;
}

/** Credentials for these keys: the first ones, or renewed. Errors: those of requestCredentials. */
export function issuedFor({ url, network, machine, token, now }: Asker, keys: JoinKeys): Promise<LocalCredentials> {
  const { nkey, certificateRequest } = keys;
  const join = { network, machine, nkey, certificateRequest, timestamp: now().toISOString() };
  return requestCredentials({ url, token: token(), ...join, signature: keys.sign(joinStatement(join)) }, now);
}

export function meshCredentials({ certificate, authority }: LocalCredentials, keys: JoinKeys): MeshCredentials {
  return { certificate, authority, privateKey: keys.meshPrivateKey };
}
