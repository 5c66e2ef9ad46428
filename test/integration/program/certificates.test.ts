import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { unreachable } from '#apps/cli/api/whereabouts.js';
import { postToControlPlane } from '#libs/member/control-plane-http.js';
import { certifyServer } from '#test/support/private-authority.js';

describe('the certificate of a control plane', () => {
  let folder: string;
  let server: Server;
  let url: URL;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gs-certificates-'));
    const { certificateFile, keyFile } = await certifyServer(folder, '127.0.0.1');
    server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });

  after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that nobody here trusts is refused with the same words by agents, local nodes and the command line', async () => {
    const address = { url, unreachable: { code: 'CONTROL_PLANE_UNREACHABLE', remedy: 'check that it runs' } };
    const refused = await postToControlPlane(address, { path: 'v1/agent-enrollments', body: {} }).then(
      () => null,
      (error: Error) => error,
    );
    const remedy = 'set GLOBALSTACKS_CA_FILE to a PEM file of the certificate authorities that signed your servers';
    expect(refused).to.include({ code: 'CERTIFICATE_NOT_TRUSTED', remedy });
    expect(refused?.message).to.match(
      /^the certificate of https:\/\/127\.0\.0\.1:\d+ is not signed by an authority .* \([A-Z_]+\)$/,
    );

    const [, nodesCode = ''] = /\(([A-Z_]+)\)$/.exec(refused?.message ?? '') ?? [];
    const { message } = refused ?? {};
    expect(unreachable(url.origin, nodesCode)).to.include({ code: 'CERTIFICATE_NOT_TRUSTED', message });
    expect(unreachable(url.origin, nodesCode)?.remedy).to.equal(`${remedy}; then gstacks whoami`);
  });
});
