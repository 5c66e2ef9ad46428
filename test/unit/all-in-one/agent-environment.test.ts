import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { openHome } from '#apps/all-in-one/home.js';
import { stackMesh } from '#apps/all-in-one/mesh-environment.js';
import { agentProcess } from '#apps/all-in-one/processes.js';

const PLACE = {
  ...({ name: 'host-a', controlPlaneUrl: 'http://127.0.0.1:1', proxyRange: null, dnsAddress: null } as const),
  ...{ sandboxRange: null, meshEndpoint: '127.0.0.1:2', host: null, docker: null },
};
const HANDED_ON = { GLOBALSTACKS_AGENT_DNS_UPSTREAMS: '192.0.2.53:53', GLOBALSTACKS_AGENT_EGRESS: 'listed' };

describe('what npm start hands on to its agents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-home-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const name of Object.keys(HANDED_ON)) delete process.env[name];
    delete process.env.GLOBALSTACKS_AGENT_NAME;
  });

  it('is what its environment says about names outside, and nothing else that is an agent’s own', () => {
    Object.assign(process.env, HANDED_ON, { GLOBALSTACKS_AGENT_NAME: 'another' });
    const { env } = agentProcess(openHome(folder), PLACE, '/token', stackMesh({}));
    expect(env).to.deep.include({ ...HANDED_ON, GLOBALSTACKS_AGENT_NAME: 'host-a' });
  });
});
