import { expect } from 'chai';
import { type Environment, variablesOf } from '#apps/agent/foundation/variables.js';
import { chooseMesh, type OfferedMesh } from '#apps/agent/mesh/mesh-settings.js';
import { readDockerSettings } from '#apps/agent/sandboxes/docker/docker-settings.js';
import { readLinkSettings } from '#apps/agent/sandboxes/link/link-settings.js';
import { readNetnsSettings } from '#apps/agent/sandboxes/netns/netns-settings.js';
import { readStaticSettings } from '#apps/agent/sandboxes/static/static-settings.js';
import { parseAgentSettings } from '#apps/agent/settings.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseAgentId } from '#libs/contracts/ids.js';

const LEAST: Environment = {
  GLOBALSTACKS_AGENT_NAME: 'host-a',
  GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:7080',
  GLOBALSTACKS_AGENT_STATE_DIR: '/var/lib/gs',
  GLOBALSTACKS_AGENT_DRIVER: 'static',
  GLOBALSTACKS_AGENT_SANDBOXES: '/etc/gs/sandboxes.yaml',
};

const HOST_A = parseAgentId('host-a', 'agent');

describe("the agent's settings", () => {
  it('have the documented defaults', () => {
    const settings = parseAgentSettings(LEAST);
    expect(settings.driver.name).to.equal('static');
    expect(readStaticSettings(variablesOf(LEAST))).to.deep.equal({
      sandboxesFile: '/etc/gs/sandboxes.yaml',
      dnsAddress: '127.0.0.1:1053',
      trustAddresses: false,
    });
    expect(settings).to.deep.include({ proxyRange: null, dnsUpstreams: 'system', enrollmentTokenFile: null });
    expect(settings.mesh).to.deep.include({ transport: null, controlUrl: null, authKey: null });
  });

  it('list names outside by rule wherever the driver has a link, unless told otherwise', () => {
    for (const [driver, egress] of Object.entries({
      static: 'open',
      netns: 'listed',
      docker: 'listed',
      link: 'listed',
    })) {
      const environment = {
        ...LEAST,
        GLOBALSTACKS_AGENT_DRIVER: driver,
        GLOBALSTACKS_AGENT_LINKS: '/etc/gs/links.yaml',
      };
      expect(parseAgentSettings(environment).egress, driver).to.equal(egress);
      for (const said of ['listed', 'none', 'open']) {
        expect(parseAgentSettings({ ...environment, GLOBALSTACKS_AGENT_EGRESS: said }).egress).to.equal(said);
      }
    }
  });

  it('give each agent with netns a prefix that begins no other agent', () => {
    const driver = readNetnsSettings(variablesOf(LEAST), HOST_A);
    expect(driver).to.deep.include({ namespacePrefix: 'gs.host-a.', sandboxRange: '10.76.0.0/16', dnsAddress: null });
  });

  it('send whoever has none to the enrolment', () => {
    const parse = () => parseAgentSettings({ ...LEAST, GLOBALSTACKS_AGENT_NAME: undefined });
    expect(parse).to.throw(CodedError, 'GLOBALSTACKS_AGENT_NAME').with.property('remedy').that.contains('agent enroll');
  });

  it('take an empty variable for one that is not set', () => {
    const settings = parseAgentSettings({ ...LEAST, GLOBALSTACKS_AGENT_MESH_PROXY_BIND: '' });
    expect(settings.proxyRange).to.equal(null);
  });

  const bad: readonly (readonly [string, string | undefined])[] = [
    ['GLOBALSTACKS_AGENT_NAME', undefined],
    ['GLOBALSTACKS_AGENT_NAME', 'Host A'],
    ['GLOBALSTACKS_CONTROL_PLANE_URL', 'ftp://somewhere'],
    ['GLOBALSTACKS_CONTROL_PLANE_URL', 'http://user:secret@somewhere'],
    ['GLOBALSTACKS_AGENT_DRIVER', 'docker-compose'],
    ['GLOBALSTACKS_AGENT_SANDBOXES', undefined],
    ['GLOBALSTACKS_AGENT_MESH_DNS_ADDR', 'localhost:53'],
    ['GLOBALSTACKS_AGENT_MESH_DNS_ADDR', '127.0.0.1:0'],
    ['GLOBALSTACKS_AGENT_MESH_PROXY_BIND', '127.77.0.1/16'],
    ['GLOBALSTACKS_AGENT_TRUST_ADDRESSES', 'yes'],
    ['GLOBALSTACKS_AGENT_DNS_UPSTREAMS', 'system,refuse'],
    ['GLOBALSTACKS_AGENT_EGRESS', 'all'],
    ['GLOBALSTACKS_AGENT_FLOWS', '-1'],
    ['GLOBALSTACKS_MESH_TRANSPORT', 'carrier-pigeon'],
    ['GLOBALSTACKS_LOG_LEVEL', 'loud'],
  ];
  for (const [variable, value] of bad) {
    it(`refuse ${variable}=${value ?? '(not set)'}, naming it and what to do`, () => {
      const error = refusal({ ...LEAST, [variable]: value });
      expect(error.message).to.contain(variable);
      expect(error.remedy).to.be.a('string');
      expect(error.message).to.not.contain('secret');
    });
  }

  it('need no list of sandboxes with docker, and have the documented defaults', () => {
    const environment = { ...LEAST, GLOBALSTACKS_AGENT_DRIVER: 'docker', GLOBALSTACKS_AGENT_SANDBOXES: undefined };
    expect(parseAgentSettings(environment).driver.name).to.equal('docker');
    expect(readDockerSettings(variablesOf(environment), HOST_A)).to.deep.equal({
      agentId: 'host-a',
      socketPath: '/var/run/docker.sock',
      network: 'gstacks',
      bridge: 'gstacks0',
      subnet: '10.78.0.0/16',
      dnsAddress: null,
      removeOnExit: false,
      queriesPerSecond: 5_000,
    });
  });

  it('take the path of a Docker socket as Docker itself writes it', () => {
    const variables = variablesOf({ GLOBALSTACKS_AGENT_DOCKER_SOCKET: 'unix:///run/user/1000/docker.sock' });
    expect(readDockerSettings(variables, HOST_A)).to.have.property('socketPath', '/run/user/1000/docker.sock');
  });

  for (const [variable, value] of [
    ['GLOBALSTACKS_AGENT_DOCKER_SOCKET', 'tcp://10.0.0.1:2375'],
    ['GLOBALSTACKS_AGENT_DOCKER_SOCKET', 'docker.sock'],
    ['GLOBALSTACKS_AGENT_DOCKER_NETWORK', 'with space'],
    ['GLOBALSTACKS_AGENT_DOCKER_BRIDGE', 'a-name-too-long0'],
    ['GLOBALSTACKS_AGENT_DOCKER_BRIDGE', '"; flush ruleset'],
    ['GLOBALSTACKS_AGENT_DOCKER_SUBNET', '10.78.0.1/16'],
    ['GLOBALSTACKS_AGENT_DOCKER_SUBNET', '10.78.0.0/27'],
  ] as const) {
    it(`refuse ${variable}=${value} with docker`, () => {
      const error = refusal({ ...LEAST, GLOBALSTACKS_AGENT_DRIVER: 'docker', [variable]: value });
      expect(error.message).to.contain(variable);
    });
  }

  it('have the documented defaults with link', () => {
    const driver = readLinkSettings(variablesOf({ ...LEAST, GLOBALSTACKS_AGENT_SANDBOXES: undefined }));
    expect(driver).to.deep.equal({
      controlPlaneUrl: new URL('http://127.0.0.1:7080'),
      sandboxesFile: null,
      apiSocket: '/var/lib/gs/links.sock',
      keptLinks: '/var/lib/gs/links.json',
      agentAddress: '10.80.0.1',
      dnsAddress: null,
      removeOnExit: false,
      queriesPerSecond: 5_000,
    });
  });

  for (const [variable, value] of [
    ['GLOBALSTACKS_AGENT_LINK_ADDRESS', 'fe80::1'],
    ['GLOBALSTACKS_AGENT_LINK_SOCKET', 'links.sock'],
  ] as const) {
    it(`refuse ${variable}=${value} with link`, () => {
      const error = refusal({ ...LEAST, GLOBALSTACKS_AGENT_DRIVER: 'link', [variable]: value });
      expect(error.message).to.contain(variable);
    });
  }

  const netnsBad = [
    ['GLOBALSTACKS_AGENT_NETNS_PREFIX', '../x'],
    ['GLOBALSTACKS_AGENT_SANDBOX_RANGE', '10.76.0.0/31'],
  ] as const;
  for (const [variable, value] of netnsBad) {
    it(`refuse ${variable}=${value} with netns`, () => {
      const error = refusal({ ...LEAST, GLOBALSTACKS_AGENT_DRIVER: 'netns', [variable]: value });
      expect(error.message).to.contain(variable);
    });
  }

  const none: OfferedMesh = { meshTransport: null, meshControlUrl: null };
  const tsnet: OfferedMesh = { meshTransport: 'tsnet', meshControlUrl: 'https://mesh.example' };
  const meshes: readonly (readonly [string, Environment, OfferedMesh, object])[] = [
    ['nothing here or there', {}, none, unavailable('none')],
    ['direct at the control plane alone', {}, { ...none, meshTransport: 'direct' }, unavailable('none')],
    ['direct, by choice', { GLOBALSTACKS_MESH_TRANSPORT: 'direct' }, none, { kind: 'direct', advertise: null }],
    [
      'direct, although there are control URLs',
      { GLOBALSTACKS_MESH_TRANSPORT: 'direct', GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh' },
      tsnet,
      { kind: 'direct' },
    ],
    ['what the control plane offers', {}, tsnet, { kind: 'tsnet', controlUrl: 'https://mesh.example', authKey: null }],
    [
      'a control URL and a key of this host',
      { GLOBALSTACKS_MESH_CONTROL_URL: 'https://own.example', GLOBALSTACKS_MESH_AUTH_KEY: 'k' },
      tsnet,
      { kind: 'tsnet', controlUrl: 'https://own.example', authKey: 'k' },
    ],
    ['tsnet without a control URL', { GLOBALSTACKS_MESH_TRANSPORT: 'tsnet' }, none, unavailable('tsnet')],
  ];
  for (const [what, variables, offered, expected] of meshes) {
    it(`choose the mesh: ${what}`, () => {
      expect(chooseMesh(parseAgentSettings({ ...LEAST, ...variables }).mesh, offered)).to.deep.include(expected);
    });
  }

  for (const [variable, value] of [
    ['GLOBALSTACKS_MESH_CONTROL_URL', 'https://user:secret@mesh'],
    ['GLOBALSTACKS_MESH_CONTROL_URL', 'mesh.example secret'],
    ['GLOBALSTACKS_MESH_AUTH_KEY', 'secret secret'],
  ] as const) {
    it(`refuse ${variable}=${value} without repeating it`, () => {
      const error = refusal({ ...LEAST, [variable]: value });
      expect(error.message).to.contain(variable).and.not.contain('secret');
    });
  }
});

function unavailable(transport: MeshState['transport']): object {
  const here = transport === 'tsnet' ? 'GLOBALSTACKS_MESH_CONTROL_URL' : 'GLOBALSTACKS_MESH_TRANSPORT';
  const message = `no mesh: the control plane offers none, and ${here} is not set at this agent`;
  const state: MeshState = { transport, state: 'failed', code: 'MESH_NOT_CONFIGURED', message, endpoints: [] };
  return { kind: 'unavailable', state };
}

function refusal(environment: Environment): CodedError {
  try {
    parseAgentSettings(environment);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}
