import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { readEnvironment } from '#apps/cli/environment.js';
import { nodeFolder, socketOf } from '#apps/cli/mesh/node-folder.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { stateFileOf } from '#libs/program/local-node-folder.js';
import { answeringNode, joined } from '#test/integration/cli/answering-node.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const secondsAgo = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
const forward: ForwardState = {
  ...{ alias: 'api', port: 8080, localPort: 18_080, state: 'open', reason: null },
  ...{ lastKnown: null, connections: 1 },
};
const denied: ForwardState = { ...forward, state: 'denied', reason: 'denied by policy' };
const gone: ForwardState = { ...forward, state: 'unreachable', reason: 'agent host-b: no connection' };
const unknown = (): ForwardState => ({
  ...{ ...forward, state: 'unknown', reason: 'the control plane was last heard long ago' },
  lastKnown: { state: 'open', at: secondsAgo(200) },
});
const silent = (): JoinedNetworkState => ({
  ...joined,
  ...{ state: 'unknown', lastContactAt: secondsAgo(200), mesh: 'unknown', bus: 'disconnected' },
  ...{ code: 'OUT_OF_CONTACT', message: 'the control plane was last heard long ago', remedy: 'gstacks whoami' },
});

const other: JoinedNetworkState = { ...joined, network: 'other', nodeId: 'laptop-1b2c3d4e5f' };

interface Row {
  readonly says: string;
  readonly networks: () => readonly object[];
  readonly exitCode: number;
  readonly status: readonly (string | RegExp)[];
  readonly list: readonly string[];
}

const rows: readonly Row[] = [
  {
    says: 'that all is well',
    networks: () => [{ ...joined, forwards: [forward] }],
    exitCode: 0,
    status: ['dev  joined as ada, version 4, renews now\n  127.0.0.1:18080 -> api:8080  open  1 connection\n'],
    list: ['api:8080  open   1'],
  },
  {
    says: 'what is known to fail',
    networks: () => [{ ...joined, forwards: [denied, { ...gone, localPort: 18_081 }] }],
    exitCode: 0,
    status: [
      '127.0.0.1:18080 -> api:8080  DENIED       denied by policy; ask: gstacks network test dev local:ada api:8080\n',
      '127.0.0.1:18081 -> api:8080  UNREACHABLE  agent host-b: no connection; ask: gstacks network test dev',
    ],
    list: ['denied by policy', 'agent host-b: no connection'],
  },
  {
    says: 'what is not known any more, and since when',
    networks: () => [{ ...silent(), forwards: [unknown()] }],
    exitCode: 5,
    status: [
      /^dev {2}DISCONNECTED since (\S+ )?\d\d:\d\d:\d\d \(bus disconnected\): gstacks whoami$/m,
      '  OUT_OF_CONTACT: the control plane was last heard long ago\n',
      'api:8080  unknown (open 3 min ago)  the control plane was last heard long ago\n',
    ],
    list: ['unknown (open 3 min ago)'],
  },
  {
    says: 'that the network is out of contact, whatever is known of its ports',
    networks: () => [{ ...silent(), reachable: ['api:8080', 'web:80'], forwards: [denied] }],
    exitCode: 5,
    status: ['dev  DISCONNECTED since', 'api:8080  DENIED  denied by policy', '  reached web:80, 3 min ago\n'],
    list: ['denied by policy'],
  },
  {
    says: 'which version is current',
    networks: () => [
      {
        ...joined,
        ...{
          newerVersion: 6,
          code: 'VERSION_OUTDATED',
          message: '6 has not arrived',
          remedy: 'gstacks network status dev',
        },
        forwards: [unknown()],
      },
    ],
    exitCode: 5,
    status: [
      'dev  joined as ada, version 4 of 6, ',
      '  VERSION_OUTDATED: 6 has not arrived\n  try: gstacks network status dev\n',
    ],
    list: ['unknown (open 3 min ago)'],
  },
  {
    says: 'what was never known as it is',
    networks: () => [{ ...joined, forwards: [{ ...unknown(), lastKnown: null }] }],
    exitCode: 5,
    status: ['api:8080  UNKNOWN  the control plane'],
    list: ['api:8080  unknown  1'],
  },
  {
    says: 'that it was revoked in one of two networks',
    networks: () => [{ ...joined, state: 'ended', code: 'LOCAL_NODE_REVOKED', message: 'it was revoked' }, other],
    exitCode: 4,
    status: ['dev    ENDED: gstacks mesh join dev\n  LOCAL_NODE_REVOKED: it was revoked\n', 'other  joined as ada'],
    list: [],
  },
  {
    says: 'what a node of an earlier release says',
    networks: () => {
      const { lastContactAt: _, newerVersion: __, ...earlier } = joined;
      const { lastKnown: ___, ...port } = forward;
      return [{ ...earlier, forwards: [port] }];
    },
    exitCode: 0,
    status: ['dev  joined as ada, version 4', 'api:8080  open  1 connection'],
    list: ['api:8080  open   1'],
  },
];

describe('gstacks mesh status and mesh forward list', function () {
  this.timeout(60_000);
  const on = stage();
  let folder: string;
  let place: string;
  let env: Record<string, string>;
  let node: Server | null;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-status-'));
    env = { ...on().env, XDG_RUNTIME_DIR: folder };
    place = nodeFolder({ url: on().server.url, origin: 'environment' }, readEnvironment(env), folder);
    node = null;
  });

  afterEach(() => {
    node?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const { says, networks, exitCode, status, list } of rows) {
    it(`say ${says}, exit ${exitCode}`, async () => {
      node = await answeringNode(socketOf(place), networks());
      for (const [command, prints] of [
        ['mesh status', status],
        ['mesh forward list', list],
      ] as const) {
        const ran = await on().gstacks.run(words(command), { env });
        expect(ran.exitCode, ran.stderr).to.equal(exitCode);
        for (const text of prints) {
          if (typeof text === 'string') expect(ran.stdout).to.contain(text);
          else expect(ran.stdout).to.match(text);
        }
        if (exitCode === 5) expect(ran.stdout).to.not.match(/:8080 +open/);
      }
    });
  }

  it('say that the node is gone and its ports closed, whatever it wrote down last, exit 5', async () => {
    await mkdir(dirname(stateFileOf(place)), { recursive: true });
    const last = { pid: 4_242, url: on().server.url, networks: [{ ...joined, forwards: [forward] }] };
    await writeFile(stateFileOf(place), JSON.stringify(last));
    for (const command of ['mesh status', 'mesh forward list']) {
      const { stdout, exitCode } = await on().gstacks.run(words(command), { env });
      expect(exitCode).to.equal(5);
      expect(stdout).to.contain('the background node (pid 4242) is gone').and.contain('gstacks mesh join dev');
      expect(stdout)
        .to.match(/api:8080 +ended/i)
        .and.not.match(/\b(open|connected)\b/);
    }
    const { stdout } = await on().gstacks.run(words('mesh status --json'), { env });
    expect(JSON.parse(stdout)).to.deep.include({ running: false, died: true });
    const [network] = JSON.parse(stdout).networks;
    expect(network).to.deep.include({ state: 'ended', code: 'NODE_DIED', mesh: 'left', reachable: [] });
  });

  it('say that nothing is joined', async () => {
    const status = await on().gstacks.run(words('mesh status'), { env });
    expect([status.exitCode, status.stdout]).to.deep.equal([
      0,
      'this machine has joined no network; next: gstacks mesh join <network>\n',
    ]);
    const list = await on().gstacks.run(words('mesh forward list'), { env });
    expect(list.exitCode).to.equal(2);
    expect(list.stderr).to.contain('NOT_JOINED');
  });
});
