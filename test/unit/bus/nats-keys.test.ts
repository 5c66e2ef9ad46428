import { fromSeed as packagesFromSeed, createUser as packagesUser } from '@nats-io/nkeys';
import { expect } from 'chai';
import { jwtAuthenticator as packagesAuthenticator } from 'nats';
import {
  createAccount,
  createOperator,
  createUser,
  fromSeed,
  isSigned,
  jwtAuthenticator,
} from '#libs/bus/nats-keys.js';

const STATEMENT = new TextEncoder().encode('host-a asks for a key');

describe('a NATS key whose signatures OpenSSL makes', () => {
  for (const [kind, create] of Object.entries({ user: createUser, account: createAccount, operator: createOperator })) {
    it(`of ${kind}: is the same key to the package, which makes the same signatures`, () => {
      const pair = create();
      const same = packagesFromSeed(pair.getSeed());
      expect(pair.getPublicKey()).to.equal(same.getPublicKey());
      expect(Buffer.from(pair.getPrivateKey())).to.deep.equal(Buffer.from(same.getPrivateKey()));
      expect(Buffer.from(pair.sign(STATEMENT))).to.deep.equal(Buffer.from(same.sign(STATEMENT)));
      expect(same.verify(STATEMENT, pair.sign(STATEMENT))).to.equal(true);
      expect(pair.verify(STATEMENT, same.sign(STATEMENT))).to.equal(true);
    });
  }

  it('takes a signature of the key that is named, for what was signed, and no other', () => {
    const [owner, other] = [packagesUser(), packagesUser()];
    const signature = owner.sign(STATEMENT);
    expect(isSigned(owner.getPublicKey(), STATEMENT, signature)).to.equal(true);
    expect(isSigned(other.getPublicKey(), STATEMENT, signature)).to.equal(false);
    expect(isSigned(owner.getPublicKey(), new TextEncoder().encode('another'), signature)).to.equal(false);
    expect(isSigned(owner.getPublicKey(), STATEMENT, signature.slice(1))).to.equal(false);
    expect(isSigned(owner.getPublicKey(), STATEMENT, new Uint8Array())).to.equal(false);
  });

  it('is refused when it is no key, or its check sum is wrong', () => {
    const key = createUser().getPublicKey();
    for (const wrong of ['', 'U', key.slice(0, -1), `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`]) {
      expect(() => isSigned(wrong, STATEMENT, new Uint8Array(64)), wrong).to.throw();
    }
    expect(() => fromSeed(new TextEncoder().encode(key))).to.throw();
  });

  it("answers a server's nonce as the package does", () => {
    const seed = createUser().getSeed();
    expect(jwtAuthenticator('a.jwt', seed)('a-nonce')).to.deep.equal(packagesAuthenticator('a.jwt', seed)('a-nonce'));
  });
});
