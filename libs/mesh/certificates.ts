import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { CodedError } from '#libs/contracts/errors.js';
import type { MeshIdentity } from './flow.js';
import { describeIdentity, formatIdentity, parseStoreId } from './identity.js';
import { createPrivateKeyPem, KEY_ALGORITHM, signingPair } from './keys.js';

/** Certificates are valid from this long before now, for peers whose clock is behind. */
export const CLOCK_SKEW_SECONDS = 300;

/** A certificate request that is refused as it is. */
export class CertificateRequestError extends CodedError {}

/** An authority that cannot be read, or whose certificate has expired. */
export class AuthorityInvalidError extends CodedError {}

/** Both in PEM. The private key is the store's root of trust in the mesh, kept in a 0600 file of the control plane. */
export interface AuthorityMaterial {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface IssueRequest {
  /**
   * PKCS #10 in PEM, from createCertificateRequest. It proves that its sender holds the key; names in it are ignored.
   */
  readonly request: string;
  readonly identity: MeshIdentity;
  readonly now: Date;
  readonly ttlSeconds: number;
  /** Hexadecimal, from newSerialNumber. */
  readonly serialNumber: string;
}

export interface IssuedCertificate {
  readonly certificate: string;
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateAuthority {
  readonly storeId: string;
  /** PEM: the roots that peers verify each other's certificates against; several while the authority is rotated. */
  readonly certificate: string;
  /**
   * A certificate for one identity, valid at both ends of a TLS session, and at most as long as the authority's.
   * Errors: CertificateRequestError, AuthorityInvalidError.
   */
  issue(request: IssueRequest): Promise<IssuedCertificate>;
}

/** 127 random bits in hexadecimal: positive, and never with a leading zero octet (RFC 5280 section 4.1.2.2). */
export function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** A new self-signed P-256 authority for one store; its own name is `spiffe://<store>`. */
export async function createAuthority(options: {
  readonly storeId: string;
  readonly now: Date;
  readonly ttlSeconds: number;
}): Promise<AuthorityMaterial> {
  const storeId = parseStoreId(options.storeId, 'storeId');
  const privateKey = createPrivateKeyPem();
  const keys = await signingPair(privateKey);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerialNumber(),
      name: [{ CN: [`GlobalStacks mesh authority ${storeId}`] }],
      ...validity(options.now, options.ttlSeconds),
      signingAlgorithm: KEY_ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        new SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${storeId}` }]),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), privateKey };
}

/** Reads what createAuthority made; errors: AuthorityInvalidError, KeyInvalidError. */
export async function loadAuthority(material: AuthorityMaterial): Promise<CertificateAuthority> {
  const root = readRoot(material.certificate);
  const keys = await signingPair(material.privateKey);
  if (!(await root.verify({ publicKey: keys.publicKey, signatureOnly: true }, webcrypto))) {
    throw new AuthorityInvalidError(
      'AUTHORITY_KEY_MISMATCH',
      "the private key does not belong to the mesh authority's certificate",
    );
  }
  const storeId = storeOf(root);
  return {
    storeId,
    certificate: material.certificate,
    async issue({ request, identity, now, ttlSeconds, serialNumber }) {
      if (now >= root.notAfter) {
        throw new AuthorityInvalidError(
          'AUTHORITY_EXPIRED',
          `the mesh authority's certificate expired at ${root.notAfter.toISOString()}`,
        );
      }
      const { notBefore, notAfter } = validity(now, ttlSeconds);
      const certificate = await X509CertificateGenerator.create(
        {
          serialNumber,
          subject: [{ CN: [describeIdentity(identity)] }],
          issuer: root.subjectName.toJSON(),
          notBefore: new Date(Math.max(notBefore.getTime(), root.notBefore.getTime())),
          notAfter: new Date(Math.min(notAfter.getTime(), root.notAfter.getTime())),
          publicKey: await requestedKey(request),
          signingKey: keys.privateKey,
          signingAlgorithm: KEY_ALGORITHM,
          extensions: [
            new BasicConstraintsExtension(false, undefined, true),
            new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
            new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth, ExtendedKeyUsage.serverAuth]),
            new SubjectAlternativeNameExtension([{ type: 'url', value: formatIdentity({ storeId, identity }) }]),
            await AuthorityKeyIdentifierExtension.create(keys.publicKey),
          ],
        },
        webcrypto,
      );
      return {
        certificate: certificate.toString('pem'),
        serialNumber: certificate.serialNumber,
        notBefore: certificate.notBefore,
        notAfter: certificate.notAfter,
      };
    },
  };
}

function validity(now: Date, ttlSeconds: number): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: new Date(now.getTime() - CLOCK_SKEW_SECONDS * 1_000),
    notAfter: new Date(now.getTime() + ttlSeconds * 1_000),
  };
}

function readRoot(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new AuthorityInvalidError('AUTHORITY_UNREADABLE', 'the mesh authority is not a certificate in PEM');
  }
}

function storeOf(root: X509Certificate): string {
  const names = root.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const [name] = names;
  if (names.length !== 1 || name?.type !== 'url' || !name.value.startsWith('spiffe://')) {
    throw new AuthorityInvalidError('AUTHORITY_UNREADABLE', "the mesh authority's certificate does not name its store");
  }
  return parseStoreId(name.value.slice('spiffe://'.length), 'the store of the mesh authority');
}

const MAX_REQUEST_CHARACTERS = 4_096;

async function requestedKey(pem: string): Promise<webcrypto.CryptoKey> {
  const refused = (reason: string) =>
    new CertificateRequestError(
      'CERTIFICATE_REQUEST_INVALID',
      `certificate request: ${reason}`,
      'send a PKCS #10 request in PEM for a P-256 key, signed by that key',
    );
  if (pem.length > MAX_REQUEST_CHARACTERS) throw refused(`longer than ${MAX_REQUEST_CHARACTERS} characters`);
  let key: webcrypto.CryptoKey;
  let proven: boolean;
  try {
    const request = new Pkcs10CertificateRequest(pem);
    key = await webcrypto.subtle.importKey('spki', request.publicKey.rawData, KEY_ALGORITHM, true, ['verify']);
    proven = await request.verify(webcrypto);
  } catch {
    throw refused('not a request for a P-256 key');
  }
  if (!proven) throw refused('not signed by the key it is for');
  return key;
}
