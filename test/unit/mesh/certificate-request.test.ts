import 'reflect-metadata';
import { createPrivateKey, createPublicKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import { Pkcs10CertificateRequest, Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { expect } from 'chai';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createPrivateKeyPem, KEY_ALGORITHM, KeyInvalidError, signingPair } from '#libs/mesh/keys.js';

/** Without the last element, the signature, which is random and of varying length. */
const unsigned = (request: Pkcs10CertificateRequest) =>
  Buffer.from(request.rawData).toString('hex').slice(6).split('300a06082a8648ce3d040302')[0];

describe('a certificate request', () => {
  it('asks for the same as one that a library of certificates makes, and is signed by its key', async () => {
    // A signature has 70 to 72 bytes, so several requests are made.
    for (let made = 0; made < 10; made += 1) {
      const privateKey = createPrivateKeyPem();
      const request = new Pkcs10CertificateRequest(createCertificateRequest(privateKey));
      const keys = await signingPair(privateKey);
      const other = await Pkcs10CertificateRequestGenerator.create(
        { keys, signingAlgorithm: KEY_ALGORITHM },
        webcrypto,
      );
      expect(unsigned(request)).to.equal(unsigned(other));
      expect(await request.verify(webcrypto)).to.equal(true);
      const publicKey = createPublicKey(createPrivateKey(privateKey)).export({ type: 'spki', format: 'der' });
      expect(Buffer.from(request.publicKey.rawData).equals(publicKey)).to.equal(true);
      expect(request.subject).to.equal('');
    }
  });

  const unusable = {
    'no key': 'hello',
    'an Ed25519 key': generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
  for (const [what, key] of Object.entries(unusable)) {
    it(`is not made for ${what}`, () => {
      expect(() => createCertificateRequest(key)).to.throw(KeyInvalidError);
    });
  }
});
