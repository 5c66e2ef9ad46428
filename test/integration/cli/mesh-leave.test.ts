import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readEnvironment } from '#apps/cli/environment.js';
import { nodeFolder, socketOf } from '#apps/cli/mesh/node-folder.js';
import { answeringNode, joined, NODE_ID } from '#test/integration/cli/answering-node.js';
import { problem } from '#test/integration/cli/answering-server.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const LEAVE = `POST /v1/local-nodes/${NODE_ID}/leave`;

describe('gstacks mesh leave', function () {
  this.timeout(60_000);
  const on = stage();
  let folder: string;
  let node: Server;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gs-leave-'));
    env = { ...on().env, XDG_RUNTIME_DIR: folder };
    const context = { url: on().server.url, token: 'secret-token', origin: 'environment', name: null };
    node = await answeringNode(socketOf(nodeFolder(context, readEnvironment(env), folder)), [joined]);
  });

  afterEach(() => {
    node.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const outcomes: readonly (readonly [string, string | null, string])[] = [
    ['removed', 'removed', "its node is deleted at the mesh's control server"],
    ['pending', 'pending', 'its node is deleted there as soon as it answers'],
    ['none', 'none', 'this machine left dev\n'],
  ];
  const seen = { connectionCut: true, connectionNotCutReason: null };
  for (const [what, meshNode, text] of outcomes) {
    it(`says what became of the node in the mesh: ${what}`, async () => {
      on().server.on(LEAVE, { json: { nodeId: NODE_ID, changed: false, ...seen, meshNode } });
      const { stdout, exitCode } = await on().gstacks.run(words('mesh leave dev'), { env });
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('this machine left dev\n').and.include(text);
      if (meshNode === 'none') expect(stdout).to.equal(text);
    });
  }

  it('says why its connection is not known to be cut', async () => {
    const end = { connectionCut: false, connectionNotCutReason: 'nats-server could not be asked', meshNode: 'none' };
    on().server.on(LEAVE, { json: { nodeId: NODE_ID, changed: false, ...end } });
    const { stdout } = await on().gstacks.run(words('mesh leave dev'), { env });
    expect(stdout).to.include('may still be open: nats-server could not be asked');
  });

  it('says so when the control plane has not confirmed it', async () => {
    on().server.on(LEAVE, problem(401, 'UNAUTHENTICATED', 'a valid token is needed'));
    const { stdout, exitCode } = await on().gstacks.run(words('mesh leave dev'), { env });
    expect(exitCode).to.equal(0);
    expect(stdout).to.include('has not confirmed it');
  });

  it('is one document as JSON, and asks nobody where nothing was to leave', async () => {
    on().server.on(LEAVE, { json: { nodeId: NODE_ID, changed: false, ...seen, meshNode: 'removed' } });
    const first = await on().gstacks.run(words('mesh leave dev --json'), { env });
    expect(JSON.parse(first.stdout)).to.deep.equal({ network: 'dev', changed: true, ...seen, meshNode: 'removed' });
    const again = await on().gstacks.run(words('mesh leave dev --json'), { env });
    const nothing = { connectionCut: null, connectionNotCutReason: null, meshNode: null };
    expect(JSON.parse(again.stdout)).to.deep.equal({ network: 'dev', changed: false, ...nothing });
    expect(on().server.requests).to.have.length(1);
  });
});
