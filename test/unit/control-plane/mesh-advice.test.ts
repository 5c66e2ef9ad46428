import { expect } from 'chai';
import { whatIsMissing } from '#apps/control-plane/foundation/mesh-settings.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { agentsJoined } from '#apps/control-plane/mesh/diagnosis/agents-joined.js';
import { parseAgentId } from '#libs/contracts/ids.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

const LEAST = {
  GLOBALSTACKS_DATABASE_URL: 'postgres://localhost/gs',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/keys',
};
const VARIABLES = {
  GLOBALSTACKS_MESH_CONTROL_URL: ['', 'https://mesh.example'],
  GLOBALSTACKS_MESH_API_URL: ['', 'https://mesh.example'],
  GLOBALSTACKS_MESH_API_TOKEN: ['', 'api-secret'],
  GLOBALSTACKS_MESH_AUTH_KEY: ['', 'auth-secret'],
  GLOBALSTACKS_MESH_TRANSPORT: ['', 'direct', 'tsnet'],
};
const CODES = [
  'MESH_NOT_CONFIGURED',
  'MESH_KEY_SOURCE_MISSING',
  'MESH_KEY_INVALID',
  'MESH_KEY_EXPIRED',
  'MESH_KEY_USED',
  'MESH_KEY_MISSING',
];

type Environment = Readonly<Record<string, string>>;

/** Every environment that these variables can make. */
function environments(): readonly Environment[] {
  return Object.entries(VARIABLES).reduce<readonly Environment[]>(
    (made, [name, values]) => made.flatMap((known) => values.map((value) => ({ ...known, [name]: value }))),
    [{}],
  );
}

/** Variables that the text says to set at the control plane, although they are set. */
function askedInVain(advice: string | null, environment: Environment): readonly string[] {
  // Variables to set at an agent are not the control plane's, and a key that is refused has to be replaced.
  if (advice === null || / at the agent |make a new key/.test(advice)) return [];
  const named = advice.match(/\bset GLOBALSTACKS_[^;]*/)?.[0].match(/GLOBALSTACKS_MESH_\w+(=\w+)?/g) ?? [];
  return named.filter((text) => {
    const [name = '', value] = text.split('=');
    return value === undefined ? environment[name] !== '' : environment[name] === value;
  });
}

describe('advice about the mesh', () => {
  it('never asks for a setting that is set', () => {
    const wrong = environments().flatMap((environment) => {
      const { mesh } = readSettings({ ...LEAST, ...environment });
      const advice = CODES.map((code) => {
        const state = {
          transport: 'tsnet',
          state: 'failed',
          code,
          message: null,
          endpoints: [],
          lastKnown: null,
        } as const;
        return agentsJoined([{ agentId: parseAgentId('host-a', 'agent'), mesh: state }], mesh).remedy;
      });
      return [...advice, whatIsMissing(mesh)?.remedy ?? null, meshRemedy('MESH_NOT_CONFIGURED')].flatMap((text) =>
        askedInVain(text, environment).map((name) => ({ name, text, environment })),
      );
    });
    expect(wrong).to.deep.equal([]);
  });

  it('of an agent without a mesh is about the agent, once the control plane has one', () => {
    const state = { transport: 'none', state: 'failed', code: 'MESH_NOT_CONFIGURED', message: null } as const;
    const agent = { agentId: parseAgentId('host-a', 'agent'), mesh: { ...state, endpoints: [], lastKnown: null } };
    const remedy = (environment: Environment) =>
      agentsJoined([agent], readSettings({ ...LEAST, ...environment }).mesh).remedy;
    expect(remedy({ GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh.example', GLOBALSTACKS_MESH_AUTH_KEY: 'k' }))
      .to.contain('host-a')
      .and.contain('GLOBALSTACKS_CONTROL_PLANE_URL');
    expect(remedy({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' })).to.contain(
      'set GLOBALSTACKS_MESH_TRANSPORT=direct at the agent host-a',
    );
    expect(remedy({})).to.contain('set GLOBALSTACKS_MESH_CONTROL_URL and a source of keys');
  });
});
