import { newSeed } from '#libs/bus/nats-keys.js';
import { type MemberKeys, memberKeys } from '#libs/member/keys.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

/** The keys of one join, made in memory and never written to disk. */
export function newJoinKeys(): MemberKeys {
  return memberKeys(newSeed('user'), createPrivateKeyPem());
}
