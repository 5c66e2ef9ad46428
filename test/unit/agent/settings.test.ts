import { expect } from 'chai';
import { type Environment, parseAgentSettings } from '#apps/agent/settings.js';
import { CodedError } from '#libs/contracts/errors.js';

const LEAST: Environment = {
  GLOBALSTACKS_AGENT_NAME: 'host-a',
  GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:7080',
  GLOBALSTACKS_AGENT_STATE_DIR: '/var/lib/gs',
  GLOBALSTACKS_AGENT_DRIVER: 'static',
  GLOBALSTACKS_AGENT_SANDBOXES: '/etc/gs/sandboxes.yaml',
};

describe("the agent's settings", () => {
  it('have the documented defaults', () => {
    const settings = parseAgentSettings(LEAST);
    expect(settings.driver).to.deep.equal({
      kind: 'static',
      sandboxesFile: '/etc/gs/sandboxes.yaml',
      dnsAddress: '127.0.0.1:1053',
      trustAddresses: false,
    });
    expect(settings).to.deep.include({ proxyRange: null, dnsUpstreams: 'system', enrollmentTokenFile: null });
    expect(settings.mesh).to.deep.include({ kind: 'unavailable', code: 'MESH_NOT_CONFIGURED' });
  });

  it('give each agent with netns a prefix that begins no other agent', () => {
    const { driver } = parseAgentSettings({ ...LEAST, GLOBALSTACKS_AGENT_DRIVER: 'netns' });
    expect(driver).to.deep.include({ namespacePrefix: 'gs.host-a.', sandboxRange: '10.76.0.0/16', dnsAddress: null });
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

  const meshes: readonly (readonly [string, Environment, object])[] = [
    ['neither a control URL nor a choice', {}, { code: 'MESH_NOT_CONFIGURED', transport: 'none' }],
    ['direct, by choice', { GLOBALSTACKS_MESH_TRANSPORT: 'direct' }, { kind: 'direct', advertise: null }],
    [
      'direct, although there is a control URL',
      { GLOBALSTACKS_MESH_TRANSPORT: 'direct', GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh' },
      { kind: 'direct' },
    ],
    [
      'a control URL without a key source',
      { GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh', GLOBALSTACKS_MESH_API_URL: 'https://api' },
      { code: 'MESH_KEY_SOURCE_MISSING', transport: 'tsnet' },
    ],
    ['tsnet without a control URL', { GLOBALSTACKS_MESH_TRANSPORT: 'tsnet' }, { code: 'MESH_NOT_CONFIGURED' }],
    [
      'a control URL and a key',
      { GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh', GLOBALSTACKS_MESH_AUTH_KEY: 'k' },
      { code: 'MESH_TRANSPORT_UNAVAILABLE' },
    ],
  ];
  for (const [what, variables, expected] of meshes) {
    it(`choose the mesh: ${what}`, () => {
      expect(parseAgentSettings({ ...LEAST, ...variables }).mesh).to.deep.include(expected);
    });
  }
});

function refusal(environment: Environment): CodedError {
  try {
    parseAgentSettings(environment);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}
