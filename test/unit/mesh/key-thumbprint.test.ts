import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { requestThumbprint } from '#apps/control-plane/mesh/request-thumbprint.js';
import { createCertificateRequest } from '#libs/mesh/certificate-request.js';
import { createAuthority, loadAuthority, newSerialNumber } from '#libs/mesh/certificates.js';
import { keyThumbprint } from '#libs/mesh/key-thumbprint.js';
import { createPrivateKeyPem } from '#libs/mesh/keys.js';
import { agentIdentity } from '#test/support/mesh-store.js';

describe('the thumbprint of a mesh key', () => {
  it('is the same in a certificate as in the request for it, for the one is named by the other', async () => {
    const authority = await loadAuthority(await createAuthority({ storeId: 's', now: new Date(), ttlSeconds: 600 }));
    const request = createCertificateRequest(createPrivateKeyPem());
    const other = createCertificateRequest(createPrivateKeyPem());
    const { certificate } = await authority.issue({
      ...{ request, identity: agentIdentity('host-a'), now: new Date(), ttlSeconds: 60 },
      serialNumber: newSerialNumber(),
    });
    expect(keyThumbprint(new X509Certificate(certificate))).to.equal(requestThumbprint(request));
    expect(requestThumbprint(other)).to.not.equal(requestThumbprint(request));
  });
});
