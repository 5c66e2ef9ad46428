import { type MemberKeys, memberKeys, newBusSeed } from '#libs/member/keys.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** Keys of one join: made in memory, and never written. */
export function newJoinKeys(): MemberKeys {
  return memberKeys(newBusSeed(), createPrivateKeyPem());
}
