import { joinStatement } from '#libs/contracts/renewal.js';
import type { MemberKeys } from '#libs/member/keys.js';
import { type JoinRequest, type LocalCredentials, requestCredentials } from './control-plane-api.js';

export interface Asker extends Pick<JoinRequest, 'url' | 'network' | 'machine'> {
  /** The current token: a later login may have replaced it. */
  readonly token: () => string;
  readonly now: () => Date;
}

/** Requests credentials for these keys, first ones or renewed. Errors: those of requestCredentials. */
export async function issuedFor(
  { url, network, machine, token, now }: Asker,
  keys: MemberKeys,
): Promise<LocalCredentials> {
  const certificateRequest = keys.certificateRequest();
  const join = { network, machine, nkey: keys.nkey, certificateRequest, timestamp: now().toISOString() };
  return requestCredentials({ url, token: token(), ...join, signature: keys.sign(joinStatement(join)) }, now);
}
