import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { MeshError } from '#apps/cli/mesh/mesh-error.js';
import { askNode } from '#apps/cli/mesh/node-client.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';

/** Longer than a node without a network waits for a join. */
const SLOW_MS = 6_500;
/** The bound within which such a node ends. */
const ENDS_WITHIN_MS = 10_000;

describe('a background node that has joined nothing', function () {
  this.timeout(40_000);
  let folder: string;
  let server: Server;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gs-node-'));
    server = createServer((_, response) => {
      setTimeout(() => response.writeHead(503, { 'content-type': 'application/json' }).end('{}'), SLOW_MS);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  after(() => {
    server?.closeAllConnections();
    server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers a join that takes longer than it waits for one, then ends by itself', async () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const child = spawn(process.execPath, [programFile('local-node'), folder, url], {
      env: { PATH: process.env.PATH ?? '' },
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    try {
      await waitFor('it answers', async () => (await askNode(folder, { kind: 'status' })) !== null, 20_000);
      const network = parseNetworkName('dev', 'network');
      const refusal = await askNode(folder, {
        kind: 'join',
        network,
        token: 'a-token',
        machine: 'laptop',
        authorities: null,
        meshNode: null,
      }).catch((error: unknown) => error);
      expect(refusal).to.be.instanceOf(MeshError);
      expect((refusal as MeshError).code).to.equal('HTTP_503');

      const answeredAt = performance.now();
      const [code] = await ended;
      expect(code).to.equal(0);
      expect(performance.now() - answeredAt).to.be.lessThan(ENDS_WITHIN_MS);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
