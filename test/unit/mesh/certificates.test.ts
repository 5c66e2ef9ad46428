import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { CodedError } from '#libs/contracts/errors.js';
import { parseAgentId, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { type CertificateAuthority, createAuthority, loadAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import { identityOfCertificate } from '#libs/mesh/identity.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { TestStore } from '#test/support/mesh-store.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const AGENT: MeshIdentity = { kind: 'agent', agentId: parseAgentId('host-a', 'id') };
const LOCAL: MeshIdentity = {
  kind: 'local',
  user: parseUserName('alice.b', 'user'),
  node: parseLocalNodeId('laptop', 'node'),
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'no error';
}

describe('mesh certificates', () => {
  let authority: CertificateAuthority;
  let request: string;

  before(async () => {
    authority = await loadAuthority(await createAuthority({ storeId: 'store-1', now: NOW, ttlSeconds: 86_400 }));
    request = createCertificateRequest(createPrivateKeyPem());
  });

  const issue = (identity: MeshIdentity, ttlSeconds = 3_600, csr = request) =>
    authority.issue({ request: csr, identity, now: NOW, ttlSeconds, serialNumber: newSerialNumber() });

  for (const identity of [AGENT, LOCAL]) {
    it(`names exactly the identity it was issued for (${identity.kind})`, async () => {
      const certificate = new X509Certificate((await issue(identity)).certificate);
      expect(identityOfCertificate(certificate)).to.deep.equal({ storeId: 'store-1', identity });
    });
  }

  const HOST_A = 'spiffe://store-1/agent/host-a';
  for (const [what, names] of [
    ['no URI', [{ type: 'dns', value: 'host-a' }]],
    ['an identity as a name of another kind', [{ type: 'dns', value: HOST_A }]],
    ['a URI that is no identity', [{ type: 'url', value: 'spiffe://store-1/admin/ada' }]],
    [
      'two identities',
      [
        { type: 'url', value: HOST_A },
        { type: 'url', value: 'spiffe://store-1/agent/host-b' },
      ],
    ],
    [
      'an identity after another name',
      [
        { type: 'dns', value: 'host-a' },
        { type: 'url', value: HOST_A },
      ],
    ],
  ] as const) {
    it(`names nobody with ${what}`, async () => {
      const { certificate } = await (await TestStore.create('store-1')).forged([...names]);
      const read = async () => identityOfCertificate(new X509Certificate(certificate));
      expect(await codeOf(read())).to.equal('CERTIFICATE_IDENTITY_INVALID');
    });
  }

  it('is signed by the authority, is no authority itself, and serves both ends of a session', async () => {
    const certificate = new X509Certificate((await issue(AGENT)).certificate);
    const root = new X509Certificate(authority.certificate);
    expect(certificate.verify(root.publicKey)).to.equal(true);
    expect(certificate.checkIssued(root)).to.equal(true);
    expect(certificate.ca).to.equal(false);
    expect(root.ca).to.equal(true);
    expect(certificate.keyUsage).to.have.members(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  it('begins before now by the clock skew allowed, and ends after its time to live', async () => {
    const { notBefore, notAfter } = await issue(AGENT, 600);
    expect(notBefore.toISOString()).to.equal('2026-03-01T11:55:00.000Z');
    expect(notAfter.toISOString()).to.equal('2026-03-01T12:10:00.000Z');
  });

  it('never outlives the authority', async () => {
    const { notAfter } = await issue(AGENT, 10 * 86_400);
    expect(notAfter.toISOString()).to.equal('2026-03-02T12:00:00.000Z');
  });

  it('keeps the serial number it was given', async () => {
    const serialNumber = newSerialNumber();
    const issued = await authority.issue({ request, identity: AGENT, now: NOW, ttlSeconds: 60, serialNumber });
    expect(new X509Certificate(issued.certificate).serialNumber.toLowerCase()).to.equal(serialNumber);
  });

  it('refuses a request whose signature is not by the key it is for', async () => {
    const bytes = Buffer.from(request.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
    const last = bytes.length - 1;
    bytes.writeUInt8(bytes.readUInt8(last) ^ 1, last);
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${bytes.toString('base64')}\n-----END CERTIFICATE REQUEST-----`;
    expect(await codeOf(issue(AGENT, 60, forged))).to.equal('CERTIFICATE_REQUEST_INVALID');
  });

  for (const [what, csr] of [
    ['empty', ''],
    ['not PEM', 'hello'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
    ['very long', 'x'.repeat(10_000)],
  ] as const) {
    it(`refuses a request that is ${what}`, async () => {
      expect(await codeOf(issue(AGENT, 60, csr))).to.equal('CERTIFICATE_REQUEST_INVALID');
    });
  }

  it('issues nothing once the authority has ended', async () => {
    const late = new Date(NOW.getTime() + 86_400_000);
    const work = authority.issue({
      request,
      identity: AGENT,
      now: late,
      ttlSeconds: 60,
      serialNumber: newSerialNumber(),
    });
    expect(await codeOf(work)).to.equal('AUTHORITY_EXPIRED');
  });

  it('does not load an authority with the key of another', async () => {
    const one = await createAuthority({ storeId: 'store-1', now: NOW, ttlSeconds: 60 });
    const other = await createAuthority({ storeId: 'store-1', now: NOW, ttlSeconds: 60 });
    const mixed = { certificate: one.certificate, privateKey: other.privateKey };
    expect(await codeOf(loadAuthority(mixed))).to.equal('AUTHORITY_KEY_MISMATCH');
  });
});
