import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { BackgroundNode } from '#apps/local-node/background-node.js';
import { parseNetworkName } from '#libs/contracts/ids.js';

describe('a background node that ends', () => {
  it('joins nothing more, so that no membership outlives it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gs-node-'));
    try {
      const node = new BackgroundNode({
        ...{ url: 'http://127.0.0.1:9', stateFile: join(folder, 'state.json'), folder, meshNode: '' },
        ...{ log: () => {}, now: () => new Date(), idle: () => {} },
      });
      await node.close();
      const network = parseNetworkName('dev', 'network');
      const reply = await node.answer({
        kind: 'join',
        network,
        token: 'a-token',
        machine: 'laptop',
        authorities: null,
        meshNode: null,
      });
      expect(reply).to.deep.include({ ok: false, code: 'NODE_ENDING', remedy: 'gstacks mesh join dev' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
