import { inspect } from 'node:util';
import { expect } from 'chai';
import { meshToJoin, whatIsMissing } from '#apps/control-plane/foundation/mesh-settings.js';
import { readSettings, SettingInvalidError } from '#apps/control-plane/foundation/settings.js';
import { keySourceWarnings } from '#apps/control-plane/mesh/key-source-warnings.js';

const least = {
  GLOBALSTACKS_DATABASE_URL: 'postgres://localhost/gs',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/keys',
};
const CONTROL = { GLOBALSTACKS_MESH_CONTROL_URL: 'https://mesh.example' };
const API = { GLOBALSTACKS_MESH_API_URL: 'https://mesh.example', GLOBALSTACKS_MESH_API_TOKEN: 'api-secret' };
const KEY = { GLOBALSTACKS_MESH_AUTH_KEY: 'auth-secret' };

const meshOf = (environment: object) => readSettings({ ...least, ...environment }).mesh;

/** Variables; the resulting transport; the source of keys; what is missing, and the variables that it names. */
const rows: readonly (readonly [object, string | null, string, string | null, readonly string[]])[] = [
  [{}, null, 'none', 'MESH_NOT_CONFIGURED', ['GLOBALSTACKS_MESH_CONTROL_URL']],
  [{ GLOBALSTACKS_MESH_CONTROL_URL: ' ' }, null, 'none', 'MESH_NOT_CONFIGURED', ['GLOBALSTACKS_MESH_CONTROL_URL']],
  [{ GLOBALSTACKS_MESH_TRANSPORT: 'direct' }, 'direct', 'none', 'MESH_NOT_CONFIGURED', ['GLOBALSTACKS_MESH_TRANSPORT']],
  [{ GLOBALSTACKS_MESH_TRANSPORT: 'tsnet', ...KEY }, 'tsnet', 'pre-created', 'MESH_NOT_CONFIGURED', ['CONTROL_URL']],
  [
    CONTROL,
    'tsnet',
    'none',
    'MESH_KEY_SOURCE_MISSING',
    ['GLOBALSTACKS_MESH_API_URL', 'GLOBALSTACKS_MESH_API_TOKEN', 'GLOBALSTACKS_MESH_AUTH_KEY'],
  ],
  [
    { ...CONTROL, ...API, GLOBALSTACKS_MESH_API_TOKEN: '' },
    'tsnet',
    'incomplete',
    'MESH_KEY_SOURCE_MISSING',
    ['GLOBALSTACKS_MESH_API_TOKEN'],
  ],
  [
    { ...CONTROL, ...API, GLOBALSTACKS_MESH_API_URL: '' },
    'tsnet',
    'incomplete',
    'MESH_KEY_SOURCE_MISSING',
    ['GLOBALSTACKS_MESH_API_URL'],
  ],
  [{ ...CONTROL, ...KEY }, 'tsnet', 'pre-created', null, []],
  [{ ...CONTROL, ...API }, 'tsnet', 'minted', null, []],
  [{ ...CONTROL, ...API, ...KEY }, 'tsnet', 'minted', null, []],
  [{ ...CONTROL, ...API, GLOBALSTACKS_MESH_TRANSPORT: 'direct' }, 'direct', 'minted', 'MESH_NOT_CONFIGURED', []],
];

describe('settings of the mesh', () => {
  for (const [environment, transport, source, code, named] of rows) {
    const given = Object.entries(environment).map(([name, value]) => `${name.slice(18)}=${value}`);
    it(`with ${given.join(' ') || 'nothing'}: ${transport}, keys ${source}, ${code ?? 'complete'}`, () => {
      const mesh = meshOf(environment);
      const missing = whatIsMissing(mesh);
      expect([mesh.transport, mesh.keySource.kind, missing?.code ?? null]).to.deep.equal([transport, source, code]);
      for (const variable of named) expect(`${missing?.message} ${missing?.remedy}`).to.include(variable);
    });
  }

  it('say that a pre-created key beside an API is not used', () => {
    expect(meshOf({ ...CONTROL, ...API, ...KEY }).isAuthKeyUnused).to.equal(true);
    expect(meshOf({ ...CONTROL, ...KEY }).isAuthKeyUnused).to.equal(false);
  });

  const warnings: readonly (readonly [string, object, readonly string[]])[] = [
    ['a pre-created key', { ...CONTROL, ...KEY }, ['MESH_KEY_PRE_CREATED']],
    ['a pre-created key beside an API', { ...CONTROL, ...API, ...KEY }, ['MESH_AUTH_KEY_UNUSED']],
    ['an API', { ...CONTROL, ...API }, []],
    ['nothing', {}, []],
  ];
  for (const [what, environment, codes] of warnings) {
    it(`warn of ${codes.join() || 'nothing'} with ${what}`, () => {
      expect(keySourceWarnings(meshOf(environment)).map(({ code }) => code)).to.deep.equal(codes);
    });
  }

  it('tell nodes a control server where there is one to join, without a slash at its end', () => {
    const joined = (environment: object) => Object.values(meshToJoin(meshOf(environment)));
    expect(joined(CONTROL)).to.deep.equal(['tsnet', 'https://mesh.example']);
    expect(joined({ GLOBALSTACKS_MESH_CONTROL_URL: 'http://mesh.example:8080/base/' })).to.deep.equal([
      'tsnet',
      'http://mesh.example:8080/base',
    ]);
    expect(joined({ ...CONTROL, GLOBALSTACKS_MESH_TRANSPORT: 'direct' })).to.deep.equal(['direct', null]);
    expect(joined({ GLOBALSTACKS_MESH_TRANSPORT: '' })).to.deep.equal([null, null]);
  });

  const bad: readonly (readonly [string, string])[] = [
    ['GLOBALSTACKS_MESH_CONTROL_URL', 'mesh.example'],
    ['GLOBALSTACKS_MESH_CONTROL_URL', 'https://ada:hunter2@mesh.example'],
    ['GLOBALSTACKS_MESH_API_URL', 'ftp://mesh.example'],
    ['GLOBALSTACKS_MESH_API_TOKEN', 'hunter2 hunter2'],
    ['GLOBALSTACKS_MESH_AUTH_KEY', `hunter2${'x'.repeat(512)}`],
    ['GLOBALSTACKS_MESH_API_KIND', 'hunter2'],
    ['GLOBALSTACKS_MESH_TRANSPORT', 'hunter2'],
  ];
  for (const [name, value] of bad) {
    it(`refuse ${name} as ${value.slice(0, 40)}, name it, and do not repeat the value`, () => {
      expect(() => meshOf({ [name]: value }))
        .to.throw(SettingInvalidError)
        .with.property('message')
        .that.includes(name)
        .and.does.not.include('hunter2');
    });
  }

  it('show no key or token, however they are printed', () => {
    const settings = readSettings({ ...least, ...CONTROL, ...API });
    const withKey = readSettings({ ...least, ...CONTROL, ...KEY });
    for (const shown of [inspect(settings, { depth: 9 }), JSON.stringify(settings), inspect(withKey, { depth: 9 })]) {
      expect(shown)
        .to.include('(hidden)')
        .and.not.match(/api-secret|auth-secret/);
    }
    expect(`${settings.mesh.keySource.kind === 'minted' && settings.mesh.keySource.minting.apiToken}`).to.equal(
      '(hidden)',
    );
  });
});
