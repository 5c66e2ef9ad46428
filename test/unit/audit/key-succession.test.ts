import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { isSuccession, keysThatFollow, publicKeyText, signSuccession } from '#libs/audit/key-succession.js';

const ed25519 = () => generateKeyPairSync('ed25519').privateKey;
const p256 = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const publicOf = (key: KeyObject) => publicKeyText(createPublicKey(key));

describe('which key of a store follows which', () => {
  for (const [what, newKey] of [
    ['Ed25519', ed25519],
    ['P-256', p256],
  ] as const) {
    const [one, two, three] = [newKey(), newKey(), newKey()];
    const [first, second, third] = [publicOf(one), publicOf(two), publicOf(three)];
    const toSecond = signSuccession('signing', one, second);
    const toThird = signSuccession('signing', two, third);

    it(`is signed by the ${what} key before`, () => {
      expect(isSuccession(toSecond)).to.equal(true);
    });

    for (const [change, changed] of [
      ['another key that follows', { ...toSecond, to: third }],
      ['another key before', { ...toSecond, from: third }],
      ['another kind of key', { ...toSecond, key: 'mesh' }],
      ['another signature', { ...toSecond, signature: toThird.signature }],
      ['no key before', { ...toSecond, from: 'garbage' }],
    ] as const) {
      it(`is not signed with ${change}, of ${what}`, () => {
        expect(isSuccession(changed)).to.equal(false);
        expect([...keysThatFollow('signing', [first], [changed])]).to.deep.equal([first]);
      });
    }

    it(`does not lead to a key of another kind that the same key signed, of ${what}`, () => {
      const toAuthority = signSuccession('mesh', one, second);
      expect(isSuccession(toAuthority)).to.equal(true);
      expect([...keysThatFollow('signing', [first], [toAuthority])]).to.deep.equal([first]);
    });

    it(`leads from one to the next in whatever order, never back, and by no gap, of ${what}`, () => {
      const follow = (from: string, ...successions: Parameters<typeof keysThatFollow>[2]) => [
        ...keysThatFollow('signing', [from], successions),
      ];
      expect(follow(first, toThird, toSecond)).to.have.members([first, second, third]);
      expect(follow(second, toThird, toSecond)).to.have.members([second, third]);
      expect(follow(third, toThird, toSecond)).to.deep.equal([third]);
      expect(follow(first, toThird)).to.deep.equal([first]);
    });
  }
});
