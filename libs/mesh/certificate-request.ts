import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { parsePrivateKey } from './keys.js';

// Tags of DER (X.690).
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const SEQUENCE = 0x30;
const ATTRIBUTES = 0xa0;

/** The algorithm identifier of ecdsa-with-SHA256 (RFC 5758, section 3.2). */
const ECDSA_WITH_SHA256 = Buffer.from('300a06082a8648ce3d040302', 'hex');
const LINE_CHARACTERS = /.{1,64}/g;

/**
 * PKCS #10 in PEM (RFC 2986), signed with the private key that it is for; throws KeyInvalidError. The holder of the key
 * makes it. It names nobody: the authority decides whom the certificate names. It is written here, because loading a
 * library of certificates takes a tenth of an agent's start.
 */
export function createCertificateRequest(privateKeyPem: string): string {
  const key = createPrivateKey(parsePrivateKey(privateKeyPem));
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const version = element(INTEGER, Buffer.of(0));
  const nobody = element(SEQUENCE);
  const asked = element(SEQUENCE, version, nobody, publicKey, element(ATTRIBUTES));
  const noUnusedBits = Buffer.of(0);
  const signature = element(BIT_STRING, noUnusedBits, sign('sha256', asked, key));
  const lines = element(SEQUENCE, asked, ECDSA_WITH_SHA256, signature).toString('base64').match(LINE_CHARACTERS) ?? [];
  return ['-----BEGIN CERTIFICATE REQUEST-----', ...lines, '-----END CERTIFICATE REQUEST-----'].join('\n');
}

/** Of at most 255 bytes of content: more than a request for a P-256 key has. */
function element(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const length = bytes.length < 0x80 ? [bytes.length] : [0x81, bytes.length];
  return Buffer.concat([Buffer.of(tag, ...length), bytes]);
}
