import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Transport } from '#libs/mesh/transport.js';
import { openSocketFolder } from '#libs/mesh/tsnet/socket-folder.js';
import { type TsnetSettings, tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import { childrenOf, textOf } from '#test/support/child-processes.js';
import { CLONE } from '#test/support/clone.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { waitFor } from '#test/support/wait.js';
import { failure } from './conformance/observe.js';

/** A status with a code is there within this time, whatever keeps a node out. */
const TOLD_WITHIN_MS = 5_000;

describe('transport tsnet', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-tsnet-'));
  const open: Transport[] = [];
  let control: MeshFixture;
  let binary: string;
  let count = 0;

  before(async function () {
    this.timeout(300_000);
    binary = await obtainMeshProgram('mesh-node', CLONE, () => {});
    control = await MeshFixture.start();
  });
  afterEach(async () => {
    await control.setUp(true);
    await Promise.all(open.splice(0).map((transport) => transport.close()));
    expect(childrenOf(process.pid, 'mesh-node'), 'no mesh-node is left').to.deep.equal([]);
  });
  after(async () => {
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function create(changes: Partial<TsnetSettings> = {}): Transport {
    count += 1;
    const transport = tsnetTransport({
      binary,
      controlUrl: control.controlUrl,
      hostname: `node-${count}`,
      stateFolder: join(folder, `state-${count}`),
      isEphemeral: false,
      requestKey: () => control.mintKey(),
      log: () => undefined,
      ...changes,
    });
    open.push(transport);
    return transport;
  }

  const isJoined = (transport: Transport): boolean =>
    transport.status().state === 'joined' && transport.status().code === null;
  const told = (transport: Transport, code: string): Promise<unknown> =>
    waitFor(`the status is ${code}`, () => transport.status().code === code, TOLD_WITHIN_MS);
  const joined = (transport: Transport): Promise<boolean | undefined> =>
    waitFor('it has joined', () => isJoined(transport), 20_000);

  /** Two nodes that have joined; connections to the second are echoed. */
  async function pair(): Promise<readonly [Transport, Transport, () => Promise<Duplex>]> {
    const [near, far] = [create(), create()];
    await near.join();
    await far.listen((connection) => connection.on('error', () => undefined).pipe(connection));
    await Promise.all([joined(near), joined(far)]);
    const dial = async (): Promise<Duplex> => {
      const connection = await near.dial(far.status().endpoints[0] ?? '', AbortSignal.timeout(10_000));
      connection.on('error', () => undefined);
      return connection;
    };
    return [near, far, dial];
  }

  async function echoed(connection: Duplex, text: string): Promise<void> {
    let received = '';
    connection.on('data', (chunk: Buffer) => {
      received += chunk;
    });
    connection.write(text);
    await waitFor('it is echoed', () => received === text);
  }

  it('waits with a dial until it has joined, and no longer than it may', async () => {
    const far = create();
    await far.listen((connection) => connection.on('error', () => undefined).pipe(connection));
    await joined(far);
    const near = create();
    await near.join();
    expect(near.status().state).to.equal('joining');
    await echoed(await near.dial(far.status().endpoints[0] ?? '', AbortSignal.timeout(10_000)), 'early');
    const never = create({ requestKey: () => new Promise(() => {}) });
    await never.join();
    const dialled = never.dial('100.64.0.1:7443', AbortSignal.timeout(300));
    expect(await failure(dialled)).to.equal('PEER_UNREACHABLE');
  });

  for (const [title, code, wrongKey] of [
    ['unknown', 'MESH_KEY_INVALID', async () => 'never-minted'],
    ['expired', 'MESH_KEY_EXPIRED', () => control.mintKey({ seconds: 0 })],
    ['used', 'MESH_KEY_USED', usedKey],
    ['empty', 'MESH_KEY_MISSING', async () => ''],
  ] as const) {
    it(`says that a key is ${title}, and joins when there is a good one`, async () => {
      let isGood = false;
      const transport = create({ requestKey: () => (isGood ? control.mintKey() : wrongKey()) });
      await transport.join();
      await told(transport, code);
      expect(transport.status()).to.include({ state: 'failed' });
      expect(transport.status().message).to.not.contain('never-minted');
      expect(await failure(transport.dial('100.64.0.1:7443', AbortSignal.timeout(1_000)))).to.equal('PEER_UNREACHABLE');
      isGood = true;
      await joined(transport);
    });
  }

  async function usedKey(): Promise<string> {
    const key = await control.mintKey();
    const other = create({ requestKey: async () => key });
    await other.join();
    await joined(other);
    return key;
  }

  it('passes on why there is no key, and joins when there is one', async () => {
    let isThere = false;
    const transport = create({
      requestKey: async () => {
        if (isThere) return control.mintKey();
        throw new CodedError('MESH_API_UNREACHABLE', 'the mesh API is away');
      },
    });
    await transport.join();
    await told(transport, 'MESH_API_UNREACHABLE');
    expect(transport.status().message).to.equal('the mesh API is away');
    isThere = true;
    await joined(transport);
  });

  it('says that the control server is away at the start, and joins when it is there', async () => {
    await control.setUp(false);
    const transport = create();
    await transport.join();
    await told(transport, 'MESH_CONTROL_UNREACHABLE');
    expect(transport.status().state).to.equal('failed');
    await control.setUp(true);
    await joined(transport);
  });

  it('stays in the mesh without the control server, says so, and that it is back', async () => {
    const [near, , dial] = await pair();
    // A node has joined before the control server has told it of every other one.
    await echoed(await dial(), 'with it');
    await control.setUp(false);
    await told(near, 'MESH_CONTROL_UNREACHABLE');
    expect(near.status().state).to.equal('joined');
    await echoed(await dial(), 'without it');
    await control.setUp(true);
    await joined(near);
  });

  it('says that what answers is no control server', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const transport = create({ controlUrl: `http://127.0.0.1:${port}` });
    await transport.join();
    await told(transport, 'MESH_CONTROL_INVALID');
    server.close();
  });

  it('starts a mesh-node that was killed again; connections end, and the endpoint stays', async () => {
    const [near, far, dial] = await pair();
    const connection = await dial();
    await echoed(connection, 'before');
    const { endpoints } = far.status();
    let isClosed = false;
    connection.on('close', () => {
      isClosed = true;
    });
    const states: (string | null)[] = [];
    far.onStatus(({ code }) => states.push(code));
    for (const pid of childrenOf(process.pid, 'mesh-node')) process.kill(pid, 'SIGKILL');
    await waitFor('the connection ends', () => isClosed);
    await waitFor('both are back', () => isJoined(near) && isJoined(far) && states.length >= 2, TOLD_WITHIN_MS);
    expect(states[0]).to.equal('MESH_NODE_ENDED');
    expect(far.status().endpoints).to.deep.equal(endpoints);
    await echoed(await dial(), 'after');
  });

  it('says with what a mesh-node crashed, and not where', async () => {
    const transport = create();
    await transport.join();
    await joined(transport);
    const said: (string | null)[] = [];
    transport.onStatus(({ code, message }) => code === 'MESH_NODE_ENDED' && said.push(message));
    for (const pid of childrenOf(process.pid, 'mesh-node')) process.kill(pid, 'SIGQUIT'); // Go writes every stack
    await waitFor('it says so', () => said.length > 0, TOLD_WITHIN_MS);
    expect(said[0]).to.match(/exit code 2.*: SIGQUIT: quit$/);
    await joined(transport);
  });

  it('says that the program is missing, and joins when it is there', async () => {
    const path = join(folder, 'mesh-node');
    const transport = create({ binary: path });
    await transport.join();
    await told(transport, 'MESH_NODE_MISSING');
    expect(transport.status().message).to.contain(path);
    symlinkSync(binary, path);
    await joined(transport);
  });

  for (const [title, code, script, words] of [
    ['speaks another protocol', 'MESH_PROTOCOL_MISMATCH', `echo '{"event":"hello","protocol":99}'; cat`, /99.*1/],
    ['writes what is no message', 'INVALID_INPUT', 'echo nonsense; cat', /mesh-node event/],
    ['ends at once', 'MESH_NODE_ENDED', 'echo why >&2; exit 3', /exit code 3.*why/],
  ] as const) {
    it(`refuses a program that ${title}`, async () => {
      const path = join(folder, `program-${code}`);
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
      const transport = create({ binary: path });
      await transport.join();
      await told(transport, code);
      expect(transport.status().message).to.match(words);
    });
  }

  it('takes over what a process that was killed left in the state folder, and leaves no sockets itself', async () => {
    const stateFolder = join(folder, 'killed');
    const sockets = openSocketFolder(stateFolder);
    const listen = `require('net').createServer().listen(${JSON.stringify(sockets.inbound)}, () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', listen], { stdio: 'ignore' }), 'exit');
    expect(existsSync(sockets.inbound), 'a socket that nobody listens on').to.equal(true);
    const far = create({ stateFolder });
    await far.listen((connection) => connection.on('error', () => undefined).pipe(connection));
    const near = create();
    await near.join();
    await Promise.all([joined(far), joined(near)]);
    await echoed(await near.dial(far.status().endpoints[0] ?? '', AbortSignal.timeout(10_000)), 'taken over');
    await far.close();
    expect(existsSync(join(stateFolder, 'sockets'))).to.equal(false);
  });

  it('has its sockets elsewhere when the state folder is too long a path for them', async () => {
    const transport = create({ stateFolder: join(folder, 'x'.repeat(100)) });
    await transport.join();
    await joined(transport);
  });

  it("never reaches the host's own network", async () => {
    const [near] = await pair();
    let reached = 0;
    const server = createServer((socket) => {
      reached += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, '0.0.0.0', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    for (const host of [
      '127.0.0.1',
      '127.1.2.3',
      'localhost',
      '0.0.0.0',
      '100.100.100.100',
      '[::1]',
      '[::ffff:127.0.0.1]',
    ]) {
      const dialled = near.dial(`${host}:${port}`, AbortSignal.timeout(5_000));
      expect(await failure(dialled), host).to.equal('PEER_UNREACHABLE');
    }
    expect(reached).to.equal(0);
    server.close();
  });

  it('shows its key to nobody who looks at processes', async () => {
    const key = await control.mintKey();
    const transport = create({ requestKey: async () => key });
    await transport.join();
    await joined(transport);
    const [pid = 0] = childrenOf(process.pid, 'mesh-node');
    expect(textOf(pid, 'cmdline')).to.contain('mesh-node').and.not.contain(key);
    expect(textOf(pid, 'environ')).to.not.contain(key);
  });
});
