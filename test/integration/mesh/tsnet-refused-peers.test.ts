import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { type TsnetSettings, tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import { childrenOf } from '#test/support/child-processes.js';
import { CLONE } from '#test/support/clone.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, TestMesh } from './conformance/mesh.js';

/** `npm run soak -- --mesh` opens as many as an attacker would. */
const CONNECTIONS = process.env.MESH_NODE_TEST_LONG === undefined ? 200 : 800;
const BACK_WITHIN_MS = 15_000;
/** Descriptors that vary by themselves: sessions between the two, files of the programs. */
const OWN_CHANGES = 8;
const MEBIBYTE = 1024 * 1024;
/** What an agent and its mesh-node may keep: Node returns memory late. */
const KEPT_BYTES = 24 * MEBIBYTE;

/** A stranger in the mesh: opens connections, sends `words` on each, and never closes its end. */
const STRANGER = `
  const { connect } = require('node:net');
  const [path, endpoint, count, words] = process.argv.slice(1);
  let left = Number(count);
  const open = () => {
    if (left-- === 0) return console.log('opened');
    const socket = connect({ path, allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write(JSON.stringify({ dial: endpoint }) + '\\n');
    socket.once('data', () => { socket.write(words); open(); });
  };
  open();
  process.stdin.resume().on('end', () => process.exit());
`;

describe('peers of a tsnet mesh that prove nothing', function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-tsnet-'));
  let control: MeshFixture;
  let binary: string;
  let mesh: TestMesh;

  before(async function () {
    this.timeout(300_000);
    binary = await obtainMeshProgram('mesh-node', CLONE, () => {});
    control = await MeshFixture.start();
  });
  beforeEach(async () => {
    mesh = await TestMesh.create(async (name) => tsnetTransport(settingsOf(name)));
  });
  afterEach(() => mesh.close());
  after(async () => {
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function settingsOf(hostname: string): TsnetSettings {
    return {
      binary,
      controlUrl: control.controlUrl,
      hostname,
      stateFolder: join(folder, hostname),
      isEphemeral: true,
      requestKey: () => control.mintKey(),
      log: () => undefined,
    };
  }

  for (const [title, words] of [
    ['never say a word', ''],
    ['are refused, and do not close', 'GET / HTTP/1.1\r\n\r\n'],
  ] as const) {
    it(`hold nothing of agent and mesh-node when they ${title}`, async () => {
      const [near, far] = await mesh.pair();
      await flowBetween(near, far);
      await mesh.dialler();
      const pids = [process.pid, ...childrenOf(process.pid, 'mesh-node')];
      const before = pids.map(usageOf);

      const dialSocket = join(folder, 'dialler-1', 'sockets', 'dial');
      const [endpoint = ''] = far.endpoints;
      const stranger = spawn(process.execPath, ['-e', STRANGER, dialSocket, endpoint, String(CONNECTIONS), words], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      try {
        await new Promise((resolve) => createInterface({ input: stranger.stdout }).once('line', resolve));
        let kept: readonly string[] = [];
        const isBack = () => {
          kept = before.flatMap(whatIsKept);
          return kept.length === 0;
        };
        await waitFor('all is back', isBack, BACK_WITHIN_MS).catch(() => undefined);
        expect(kept).to.deep.equal([]);
        await flowBetween(near, far);
      } finally {
        stranger.stdin.end();
        await new Promise((resolve) => stranger.once('close', resolve));
      }
    });
  }
});

interface Usage {
  readonly pid: number;
  readonly descriptors: number;
  readonly bytes: number;
}

/** See proc_pid_fd(5) and proc_pid_status(5). */
function usageOf(pid: number): Usage {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { pid, descriptors: readdirSync(`/proc/${pid}/fd`).length, bytes: Number(kilobytes) * 1024 };
}

function whatIsKept(before: Usage): readonly string[] {
  const name = before.pid === process.pid ? 'the agent' : `mesh-node ${before.pid}`;
  const now = usageOf(before.pid);
  const [descriptors, bytes] = [now.descriptors - before.descriptors, now.bytes - before.bytes];
  return [
    ...(descriptors > OWN_CHANGES ? [`${name}: ${descriptors} descriptors`] : []),
    ...(bytes > KEPT_BYTES ? [`${name}: ${Math.round(bytes / MEBIBYTE)} MiB`] : []),
  ];
}
