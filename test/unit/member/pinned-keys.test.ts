import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { expect } from 'chai';
import { publicKeyText, signSuccession } from '#libs/audit/key-succession.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { OfferedKeys, trustedKeysOf, withPinnedKeys } from '#libs/member/pinned-keys.js';
import { certifiedKey } from '#libs/mesh/authorities.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createAuthority, loadAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';

const now = new Date();
const newSigner = () => generateKeyPairSync('ed25519').privateKey;
const publicOf = (key: KeyObject) => publicKeyText(createPublicKey(key));
const newAuthority = () => createAuthority({ storeId: 'store-1', now, ttlSeconds: 3_600 });

async function issuedBy(material: Awaited<ReturnType<typeof newAuthority>>): Promise<string> {
  const authority = await loadAuthority(material);
  const request = createCertificateRequest(createPrivateKeyPem());
  const identity = { kind: 'agent', agentId: parseAgentId('host-a', 'agent') } as const;
  const issued = { request, identity, now, ttlSeconds: 600, serialNumber: newSerialNumber() };
  return (await authority.issue(issued)).certificate;
}

describe('the keys of the store that a member pinned', () => {
  const [signer, other] = [newSigner(), newSigner()];
  let held: Parameters<typeof withPinnedKeys>[0] & object;
  let offered: typeof held;
  let stranger: typeof held;

  before(async () => {
    const [one, two, three] = [await newAuthority(), await newAuthority(), await newAuthority()];
    held = {
      snapshotKeys: [publicOf(signer)],
      successions: [],
      authority: one.certificate,
      certificate: await issuedBy(one),
    };
    offered = {
      snapshotKeys: [publicOf(signer), publicOf(other)],
      successions: [
        signSuccession('signing', signer, publicOf(other)),
        signSuccession('mesh', createPrivateKey(one.privateKey), certifiedKey(two.certificate)),
      ],
      authority: `${one.certificate}\n${two.certificate}`,
      certificate: await issuedBy(two),
    };
    stranger = {
      snapshotKeys: [publicOf(other)],
      successions: [],
      authority: three.certificate,
      certificate: await issuedBy(three),
    };
  });

  it('are those of the enrolment', () => {
    expect(withPinnedKeys(null, stranger)).to.deep.equal({ credentials: stranger, refused: [] });
  });

  it('are followed by those that they signed', () => {
    const { credentials, refused } = withPinnedKeys(held, offered);
    expect(refused).to.deep.equal([]);
    expect(trustedKeysOf(credentials)).to.deep.equal(trustedKeysOf(offered));
    expect(trustedKeysOf(credentials).signing).to.have.length(2);
    expect(trustedKeysOf(credentials).issuer).to.equal(trustedKeysOf(credentials).mesh[1]);
  });

  it('stay when the control plane names others that they did not sign', () => {
    const { credentials, refused } = withPinnedKeys(held, stranger);
    expect(refused.map(({ code }) => code)).to.deep.equal(['SNAPSHOT_KEY_CHANGED', 'MESH_AUTHORITY_CHANGED']);
    expect(credentials).to.deep.include({ snapshotKeys: held.snapshotKeys, authority: held.authority });
  });

  it('are not joined by one that nobody signed', () => {
    const { credentials } = withPinnedKeys(held, { ...offered, successions: [] });
    expect(trustedKeysOf(credentials)).to.deep.include({
      signing: trustedKeysOf(held).signing,
      mesh: trustedKeysOf(held).mesh,
    });
  });

  it('are asked for once when the control plane names others, and again when it names others again', () => {
    const keys = new OfferedKeys();
    expect(keys.areNews(undefined, held)).to.equal(false);
    expect(keys.areNews(trustedKeysOf(held), held)).to.equal(false);
    expect(keys.areNews(trustedKeysOf(offered), held)).to.equal(true);
    expect(keys.areNews(trustedKeysOf(offered), held)).to.equal(false);
    expect(keys.areNews(trustedKeysOf(stranger), held)).to.equal(true);
  });
});
