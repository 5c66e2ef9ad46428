import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadTopologySigner, verifyHeld, verifyTopology } from '#libs/bus/signing.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
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
      verifyTopology([signer.publicKey], agent, statement, signature);
    expect(holds(STATEMENT)).to.equal(true);
    expect(holds(STATEMENT, parseAgentId('host-b', 'agent'))).to.equal(false);
    expect(holds({ ...STATEMENT, to: 4 })).to.equal(false);
    expect(holds({ ...STATEMENT, hash: 'ac' })).to.equal(false);
    expect(holds({ ...STATEMENT, epoch: { counter: 2, id: 'e' } })).to.equal(false);
    expect(holds({ ...STATEMENT, networkId: parseNetworkId('0b', 'network') })).to.equal(false);
    expect(verifyTopology(['garbage'], AGENT, STATEMENT, signature)).to.equal(false);
    expect(verifyTopology([signer.publicKey], AGENT, STATEMENT, 'garbage')).to.equal(false);
  });

  it('proves to the control plane what a member holds', () => {
    const signer = loadTopologySigner(folder);
    const { from: _, to: version, ...rest } = STATEMENT;
    const held = { ...rest, version, signature: signer.sign(AGENT, STATEMENT) };
    const isProven = (claim: NetworkVersion): boolean => verifyHeld([signer.publicKey], AGENT, claim);
    expect(isProven(held)).to.equal(true);
    expect(isProven({ ...held, version: 4 })).to.equal(false);
    expect(isProven({ ...held, hash: 'ac' })).to.equal(false);
    expect(isProven({ ...held, signature: signer.sign(AGENT, { ...STATEMENT, to: 4 }) })).to.equal(false);
    expect(isProven({ ...held, signature: null })).to.equal(false);
  });

  it('keeps its key, readable by the owner alone', () => {
    const first = loadTopologySigner(folder).publicKey;
    expect(loadTopologySigner(folder).publicKey).to.equal(first);
    expect(statSync(join(folder, 'topology-signing.pem')).mode & 0o777).to.equal(0o600);
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
  });
});
