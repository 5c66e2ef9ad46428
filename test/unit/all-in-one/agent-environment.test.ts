import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { SETTINGS } from '#apps/agent/foundation/settings-list.js';
import { DRIVERS } from '#apps/agent/sandboxes/drivers.js';
import { openHome } from '#apps/all-in-one/home.js';
import { stackMesh } from '#apps/all-in-one/mesh-environment.js';
import { agentProcess } from '#apps/all-in-one/processes.js';
import type { Setting } from '#libs/program/setting.js';
import { CLONE } from '#test/support/clone.js';

const PLACE = {
  ...({ name: 'host-a', controlPlaneUrl: 'http://127.0.0.1:1', proxyRange: null, dnsAddress: null } as const),
  ...{ sandboxRange: null, meshEndpoint: '127.0.0.1:2', host: null, docker: null },
};

/** What cannot be the same for all agents of one machine, or what the stack chooses. */
const OF_THE_STACK = [
  ...['NAME', 'STATE_DIR', 'ENROLLMENT_TOKEN_FILE', 'DRIVER', 'SANDBOXES', 'REMOVE_ON_EXIT', 'MESH_DNS_ADDR'],
  ...['MESH_PROXY_BIND', 'METRICS_LISTEN', 'TRUST_ADDRESSES', 'SANDBOX_RANGE', 'NETNS_PREFIX', 'DOCKER_SOCKET'],
  ...['DOCKER_NETWORK', 'DOCKER_BRIDGE', 'DOCKER_SUBNET', 'LINK_SOCKET', 'LINK_ADDRESS'],
].map((name) => `GLOBALSTACKS_AGENT_${name}`);
const known = [SETTINGS, ...DRIVERS.map(({ settings }) => settings)]
  .flatMap((settings) => Object.values<Setting>(settings).map(({ variable }) => variable))
  .filter((variable) => variable.startsWith('GLOBALSTACKS_AGENT_'));

describe('what npm start hands on to its agents', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-home-'));
  const present = { ...process.env };
  const givenTo = (environment: object): Readonly<Record<string, string | undefined>> => {
    Object.assign(process.env, environment);
    return agentProcess(openHome(folder), PLACE, '/token', stackMesh({})).env;
  };
  afterEach(() => {
    for (const name of Object.keys(process.env)) if (!(name in present)) delete process.env[name];
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const variable of known) {
    const isOfTheStack = OF_THE_STACK.includes(variable);
    it(`${isOfTheStack ? 'is not' : 'is'} ${variable} of its own environment`, () => {
      const value = givenTo({ [variable]: 'given' })[variable];
      if (isOfTheStack) expect(value).to.not.equal('given');
      else expect(value).to.equal('given');
    });
  }

  it('are settings that docs/settings.md names there', () => {
    const text = readFileSync(join(CLONE, 'docs/settings.md'), 'utf8');
    const line =
      text.split('\n').find((each) => each.includes('are passed on to the control plane and the agents')) ?? '';
    for (const variable of known.filter((each) => !OF_THE_STACK.includes(each))) {
      expect(line, variable).to.match(
        new RegExp(`\\b(GLOBALSTACKS_AGENT)?${variable.slice('GLOBALSTACKS_AGENT'.length)}\``),
      );
    }
  });
});
