import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { CHECKS_OF } from '#libs/contracts/bus/checks.js';
import type { TestResultDto } from '#libs/contracts/http/diagnostics.js';
import type { JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { backgroundPid } from '#test/support/background-node.js';
import { childrenOf } from '#test/support/child-processes.js';
import { freePort } from '#test/support/ports.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import { type Ran, type RunningStack, ran, run } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const API = '{"sandbox":"sbx-api"}\n';
const RULE = ['dev', '--from', 'local', '--to', 'api', '--port', '8080'] as const;

interface MeshStatus {
  readonly running: boolean;
  readonly died: boolean;
  readonly networks: readonly JoinedNetworkState[];
}

for (const mesh of MESHES) {
  describe(`a local node, over ${mesh}`, function () {
    this.timeout(120_000);
    const at = sharedStack('static', mesh);
    let stack: RunningStack;
    let port: number;

    before(async () => {
      stack = at();
      port = await freePort();
      await makeNetwork(stack, 'dev', { 'sbx-api': 'api:8080' });
      await stack.json(['network', 'policy', 'allow', ...RULE, '--wait=5']);
    });
    after(async () => {
      await stack.gstacks('mesh', 'leave', 'dev');
    });

    const curl = (...options: string[]): Promise<Ran> =>
      ran('curl', ['-sS', '--max-time', '10', ...options, `http://127.0.0.1:${port}/`]);
    const status = async (): Promise<MeshStatus> =>
      JSON.parse((await stack.gstacks('mesh', 'status', '--json')).stdout);
    const dev = async (): Promise<JoinedNetworkState> => {
      const [network] = (await status()).networks;
      if (network === undefined) throw new Error('nothing is joined');
      return network;
    };
    /** As the control plane shows it. */
    const listed = async (): Promise<{ readonly status: string; readonly user: string }> => {
      const { localNodes } = (await stack.json(['network', 'status', 'dev'])) as {
        localNodes: { status: string; user: string }[];
      };
      return localNodes[0] ?? { status: 'GONE', user: 'nobody' };
    };
    const forward = (...more: string[]): Promise<Ran> =>
      stack.gstacks('mesh', 'forward', 'dev', 'api:8080', '--local', String(port), ...more);
    const hold = async () => {
      const held = run('curl', ['-sSN', `http://127.0.0.1:${port}/hold`]);
      await waitFor('the connection is open', () => held.stdout().includes('held'));
      return held;
    };

    it('joins, forwards a port and answers on the next line of a script', async () => {
      expect((await stack.gstacks('mesh', 'status')).stdout).to.contain('gstacks mesh join');
      const twoAtOnce = await Promise.all([1, 2].map(() => stack.gstacks('mesh', 'join', 'dev')));
      for (const joined of twoAtOnce) {
        expect(joined.code, joined.stderr).to.equal(0);
        expect(joined.stdout).to.match(/credentials end \d{4}-/);
      }
      expect(new Set(twoAtOnce.map(({ stdout }) => /node ([a-z0-9-]+)/.exec(stdout)?.[1])).size, 'one node').to.equal(
        1,
      );
      expect(twoAtOnce.filter(({ stdout }) => stdout.includes('already'))).to.have.length(1);
      const forwarded = await forward();
      expect(forwarded.code, forwarded.stderr).to.equal(0);
      const answer = await curl();
      expect(answer.stdout, answer.stderr).to.equal(API);
      expect((await stack.gstacks('mesh', 'status')).stdout)
        .to.contain(`127.0.0.1:${port}`)
        .and.contain('api:8080');
    });

    it('says that a second join changes nothing, and so for a second forward', async () => {
      expect(await stack.json(['mesh', 'join', 'dev'])).to.include({ changed: false, state: 'joined' });
      expect((await forward()).stdout).to.contain('leads already');
    });

    it('says which port is in use, and what to do', async () => {
      const taken = await freePort();
      const server: Server = createServer().listen(taken, '127.0.0.1');
      const refused = await stack.gstacks('mesh', 'forward', 'dev', 'api:8080', '--local', String(taken));
      server.close();
      expect(refused.code).to.equal(2);
      expect(refused.stderr).to.contain('PORT_IN_USE').and.contain('gstacks mesh forward');
    });

    it('is listed apart from agents', async () => {
      await waitFor('it is in contact', async () => (await listed()).status === 'ONLINE');
      expect((await listed()).user).to.equal('admin');
      expect((await stack.gstacks('network', 'status', 'dev')).stdout).to.contain('local nodes');
    });

    it('answers for the source of a network test, and is unknown while it is silent', async () => {
      const { nodeId } = await dev();
      const statuses = async (exitCode: number) => {
        const { checks } = (await stack.json(
          ['network', 'test', 'dev', 'local', 'api:8080'],
          exitCode,
        )) as TestResultDto;
        const own = checks.filter((check) => check.nodeId === nodeId);
        return Object.fromEntries(own.map(({ code, status: found }) => [code, found]));
      };
      const passed = { MESH_JOINED: 'pass', TOPOLOGY_APPLIED: 'pass', ROUTE_PRESENT: 'pass', POLICY: 'pass' };
      const notAsked = { DNS_LOADED: 'skipped', USES_AGENT_DNS: 'skipped', ISOLATED: 'skipped' };
      expect(await statuses(0)).to.deep.equal({ ...passed, ...notAsked, PEER_REACHED: 'pass' });
      const people = await stack.gstacks('network', 'test', 'dev', 'local:admin', 'api:8080', '--verbose');
      expect(people.stdout).to.match(new RegExp(`local node ${nodeId} \\(source\\) +ROUTE_PRESENT +pass`));

      const pid = await backgroundPid(stack);
      await stopProcesses(pid);
      try {
        const silent = await statuses(5);
        expect(Object.keys(silent)).to.have.members(CHECKS_OF.source);
        expect(new Set(Object.values(silent))).to.deep.equal(new Set(['unknown']));
        const told = await stack.gstacks('mesh', 'status');
        expect(told.stderr).to.contain(`(pid ${pid}) did not answer in 2 s`).and.contain('gstacks mesh leave dev');
      } finally {
        process.kill(pid, 'SIGCONT');
      }
      await waitFor(
        'it answers again',
        async () => (await stack.gstacks('network', 'test', 'dev', 'local', 'api:8080')).code === 0,
      );
    });

    it('is in several networks at once, each with a node of its own', async () => {
      const other = await freePort();
      await makeNetwork(stack, 'other', { 'sbx-worker': 'worker:9090' });
      const rule = ['other', '--from', 'local', '--to', 'worker', '--port', '9090'];
      await stack.json(['network', 'policy', 'allow', ...rule, '--wait=5']);
      expect(await stack.json(['mesh', 'join', 'other'])).to.include({ state: 'joined', mesh: 'joined' });
      const { networks } = await status();
      expect(networks.map(({ network }) => network)).to.have.members(['dev', 'other']);
      expect(new Set(networks.map(({ nodeId }) => nodeId)).size).to.equal(2);
      const forwarded = await stack.gstacks('mesh', 'forward', 'other', 'worker:9090', '--local', String(other));
      expect(forwarded.code, forwarded.stderr).to.equal(0);
      const answer = await ran('curl', ['-sS', '--max-time', '10', `http://127.0.0.1:${other}/`]);
      expect(answer.stdout, answer.stderr).to.equal('{"sandbox":"sbx-worker"}\n');
      expect((await curl()).stdout).to.equal(API);
      expect(await stack.json(['mesh', 'leave', 'other'])).to.include({ changed: true });
      expect((await curl()).stdout, 'the other network is still there').to.equal(API);
    });

    it('survives sleep: what was open is reset, and the port answers after waking', async () => {
      const held = await hold();
      const pid = await backgroundPid(stack);
      const asleep = [pid, ...childrenOf(pid, 'mesh-node')];
      await stopProcesses(...asleep);
      try {
        await waitFor('the network takes it for gone', async () => (await listed()).status === 'OFFLINE', 30_000);
      } finally {
        for (const each of asleep) process.kill(each, 'SIGCONT');
      }
      await held.ended;
      await waitFor('it answers', async () => (await curl()).stdout === API, 20_000);
      await waitFor('it is in contact', async () => (await listed()).status === 'ONLINE', 20_000);
    });

    it('is cut live by a deny and brought back by its removal, without a new forward', async () => {
      const held = await hold();
      await stack.json(['network', 'policy', 'deny', ...RULE, '--wait=5']);
      const cut = await held.ended;
      expect(cut.stderr).to.match(/reset by peer|Recv failure/i);
      expect((await curl()).stdout).to.equal('');
      const [denied] = (await dev()).forwards;
      expect(denied).to.include({ state: 'denied', localPort: port });
      expect(denied?.reason).to.contain('gstacks network test dev local:admin api:8080');

      const { items } = (await stack.json(['network', 'policy', 'list', 'dev'])) as {
        items: { id: string; effect: string }[];
      };
      const deny = items.find(({ effect }) => effect === 'deny')?.id ?? '';
      await stack.json(['network', 'policy', 'remove', 'dev', deny, '--wait=5']);
      await waitFor('it answers again', async () => (await curl()).stdout === API);
    });

    it('survives restarts of its control plane and of the target agent', async () => {
      for (const name of ['control-plane', 'agent-host-b']) {
        const before = stack.pid(name);
        process.kill(before, 'SIGKILL');
        await waitFor(`${name} is started again`, () => pidOf(name) !== before && pidOf(name) !== null, 30_000);
        await waitFor(`it answers after ${name}`, async () => (await curl()).stdout === API, 30_000);
      }
      await waitFor(
        'everybody is in contact again',
        async () => {
          const { stdout } = await stack.gstacks('network', 'status', 'dev', '--json');
          return stdout.includes('"SYNCED"') && stdout.includes('"ONLINE"');
        },
        30_000,
      );
    });

    it('says when its background process is gone, and joins again', async () => {
      process.kill(await backgroundPid(stack), 'SIGKILL');
      await waitFor('status says so', async () => {
        const { stdout, code } = await stack.gstacks('mesh', 'status');
        return stdout.includes('is gone') && stdout.includes('gstacks mesh join dev') && code === 5;
      });
      const refused = await forward();
      expect(refused.stderr).to.contain('NODE_DIED').and.contain('gstacks mesh join dev');
      const again = await stack.gstacks('mesh', 'join', 'dev');
      expect(again.code, again.stderr).to.equal(0);
      const forwarded = await forward();
      expect(forwarded.code, forwarded.stderr).to.equal(0);
      await waitFor('it answers', async () => (await curl()).stdout === API);
    });

    it('is out at once when it is revoked: open flows, new ones and the bus', async () => {
      const held = await hold();
      const { nodeId } = await dev();
      const meshNode = mesh === 'tsnet' ? 'removed' : 'none';
      expect(await stack.json(['mesh', 'revoke', nodeId])).to.deep.equal({
        ...{ nodeId, changed: true, meshNode },
        ...{ connectionCut: true, connectionNotCutReason: null },
      });
      await held.ended;
      await waitFor('the node says why it ended', async () => {
        const ended = await dev();
        return ended.state === 'ended' && ended.code === 'LOCAL_NODE_REVOKED';
      });
      expect((await stack.gstacks('mesh', 'status')).code).to.equal(4);
      expect((await curl()).code).to.equal(7);
      await waitFor('a new join is another node', async () => {
        const { stdout } = await stack.gstacks('mesh', 'join', 'dev', '--json');
        const joined = JSON.parse(stdout) as JoinedNetworkState;
        return joined.state === 'joined' && joined.nodeId !== nodeId;
      });
    });

    it('ends with the token of its user', async () => {
      const stopped = await backgroundPid(stack);
      await stopProcesses(...[stopped, ...childrenOf(stopped, 'mesh-node')]);
      const left = await stack.gstacks('mesh', 'leave', 'dev');
      expect(left.code, left.stderr).to.equal(0);
      expect(left.stdout, 'it was only asleep').to.contain('this machine left dev').and.not.contain('was ended');
      const created = await fetch(`${stack.url}/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ user: 'ada', role: 'operator', expiresInSeconds: 3_600 }),
      });
      const { id, token } = (await created.json()) as { id: string; token: string };
      const tokenFile = join(stack.home, 'ada-token');
      writeFileSync(tokenFile, token, { mode: 0o600 });
      const joined = await stack.gstacks('mesh', 'join', 'dev', '--token-file', tokenFile, '--url', stack.url);
      expect(joined.stdout, joined.stderr).to.contain('as ada');
      expect((await forward()).code).to.equal(0);
      await waitFor('it answers', async () => (await curl()).stdout === API);
      const held = await hold();
      await fetch(`${stack.url}/v1/tokens/${id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${stack.token}` },
      });
      await held.ended;
      await waitFor('the node says why it ended', async () => {
        const ended = await dev();
        return ended.state === 'ended' && ended.code === 'LOGIN_EXPIRED';
      });
    });

    /** null while it is being restarted. */
    function pidOf(name: string): number | null {
      try {
        return stack.pid(name);
      } catch {
        return null;
      }
    }
  });
}
