import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SETTINGS as AGENT } from '#apps/agent/foundation/settings-list.js';
import { DRIVERS } from '#apps/agent/sandboxes/drivers.js';
import { parseAgentSettings } from '#apps/agent/settings.js';
import { SETTINGS as ALL_IN_ONE, parseSettings } from '#apps/all-in-one/settings.js';
import { SETTINGS as CLI, readEnvironment } from '#apps/cli/environment.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { SETTINGS as CONTROL_PLANE } from '#apps/control-plane/foundation/settings-list.js';
import type { Setting } from '#libs/program/setting.js';
import { CLONE } from '#test/support/clone.js';

type Values = { readonly [name: string]: string };

/** The variables that `read` looks at in an environment with these values. */
function readIn(values: Values, read: (environment: Values) => void): ReadonlySet<string> {
  const names = new Set<string>();
  const get = (target: Values, name: string): string | undefined => {
    names.add(name);
    return target[name];
  };
  read(new Proxy(values, { get }));
  return names;
}

const variablesOf = (settings: Readonly<Record<string, Setting>>): readonly string[] =>
  Object.values(settings).map(({ variable }) => variable);

const AGENT_NEEDS: Values = {
  GLOBALSTACKS_AGENT_NAME: 'host-a',
  GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:7080',
  GLOBALSTACKS_AGENT_STATE_DIR: '/var/lib/gs',
  GLOBALSTACKS_AGENT_SANDBOXES: '/etc/gs/sandboxes.yaml',
};
const CONTROL_PLANE_NEEDS: Values = {
  GLOBALSTACKS_DATABASE_URL: 'postgres://localhost/gs',
  GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:4222',
  GLOBALSTACKS_KEYS_DIR: '/keys',
};
/** Read before the others are parsed, or by the mesh-node that an agent starts. */
const READ_ELSEWHERE = /_(DATABASE_URL|MESH_API_TOKEN|MESH_AUTH_KEY|CA)_FILE$|_LOG_LEVEL$|_NODE_LOG_DIR$/;

describe('the settings of docs/settings.md', () => {
  const listed = (one: string): boolean => !READ_ELSEWHERE.test(one);

  it('are those that the control plane reads', () => {
    const read = [...readIn(CONTROL_PLANE_NEEDS, readSettings)].filter(listed);
    expect(read).to.have.members(variablesOf(CONTROL_PLANE).filter(listed));
  });

  it('are those that an agent reads, with one driver or another', () => {
    const read = DRIVERS.flatMap(({ name }) => [
      ...readIn({ ...AGENT_NEEDS, GLOBALSTACKS_AGENT_DRIVER: name }, parseAgentSettings),
    ]);
    const declared = [AGENT, ...DRIVERS.map(({ settings }) => settings)].flatMap(variablesOf);
    expect([...new Set(read)].filter(listed)).to.have.members(declared.filter(listed));
  });

  it('are those that the command line reads', () => {
    const read = [...readIn({}, readEnvironment)];
    // TERM is the terminal's, not a setting.
    expect(read).to.have.members([...variablesOf(CLI), 'TERM']);
  });

  it('are those that npm start reads for itself', () => {
    const read = [...readIn({}, (environment) => parseSettings(['--sandboxes', 'docker'], environment, '/clone'))];
    for (const variable of variablesOf(ALL_IN_ONE)) expect(read).to.include(variable);
  });

  it('include every variable that a source names', () => {
    const page = readFileSync(join(CLONE, 'docs/settings.md'), 'utf8');
    const named = ['apps', 'libs', 'bin'].flatMap((folder) =>
      readdirSync(join(CLONE, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|tsx|go)$/.test(name) && !name.endsWith('_test.go'))
        .flatMap((name) => [
          ...readFileSync(join(CLONE, folder, name), 'utf8').matchAll(/\bGLOBALSTACKS_[A-Z_]*[A-Z]\b/g),
        ])
        .map(([variable]) => variable),
    );
    const unknown = [...new Set(named)].filter((variable) => !page.includes(`| \`${variable}\` `));
    expect(named.length).to.be.greaterThan(100);
    expect(unknown).to.deep.equal([]);
  });
});
