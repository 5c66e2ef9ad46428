import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadTopologySigner, verifyTopology } from '#libs/bus/signing.js';
import { parseAgentId, parseNetworkId } from '#libs/contracts/ids.js';

const AGENT = parseAgentId('host-a', 'agent');
const STATEMENT = {
  epoch: { counter: 1, id: 'e' },
  networkId: parseNetworkId('0a', 'network'),
  from: null,
  to: 3,
  hash: 'ab',
};

describe('the signature of a topology', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-signing-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('holds for what was signed and for nothing else', () => {
    const signer = loadTopologySigner(folder);
    const signature = signer.sign(AGENT, STATEMENT);
    const holds = (statement: typeof STATEMENT, agent = AGENT): boolean =>
      verifyTopology(signer.publicKey, agent, statement, signature);
    expect(holds(STATEMENT)).to.equal(true);
    expect(holds(STATEMENT, parseAgentId('host-b', 'agent'))).to.equal(false);
    expect(holds({ ...STATEMENT, to: 4 })).to.equal(false);
    expect(holds({ ...STATEMENT, hash: 'ac' })).to.equal(false);
    expect(holds({ ...STATEMENT, epoch: { counter: 2, id: 'e' } })).to.equal(false);
    expect(holds({ ...STATEMENT, networkId: parseNetworkId('0b', 'network') })).to.equal(false);
    expect(verifyTopology('garbage', AGENT, STATEMENT, signature)).to.equal(false);
    expect(verifyTopology(signer.publicKey, AGENT, STATEMENT, 'garbage')).to.equal(false);
  });

  it('keeps its key, readable by the owner alone', () => {
    const first = loadTopologySigner(folder).publicKey;
    expect(loadTopologySigner(folder).publicKey).to.equal(first);
    expect(statSync(join(folder, 'topology-signing.pem')).mode & 0o777).to.equal(0o600);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
  });
});
