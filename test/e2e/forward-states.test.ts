import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { backgroundPid } from '#test/support/background-node.js';
import { freePort } from '#test/support/ports.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type Ran, type RunningStack, ran, startStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

const RULE = ['dev', '--from', 'local', '--to', 'api', '--port', '8080'] as const;
/** From a fault until every time-out has passed, plus the time of a command. */
const SEEN_WITHIN_MS = KNOWN_FOR_MS + 10_000;

const KILLED = [
  { name: 'agent-host-b', state: 'unreachable', code: 0 },
  { name: 'nats', state: 'unknown', code: 5 },
  { name: 'control-plane', state: 'unknown', code: 5 },
] as const;

interface Shown {
  readonly code: number | null;
  readonly network: JoinedNetworkState;
  readonly forward: ForwardState;
}

for (const mesh of MESHES) {
  describe(`mesh status and mesh forward list, over ${mesh}`, function () {
    const isDirect = mesh === 'direct';
    // A tailnet node knows by itself whether it has joined.
    const unknownMesh = isDirect ? 'unknown' : 'joined';
    this.timeout(120_000);
    let stack: RunningStack;
    let port: number;

    before(async () => {
      stack = await startStack({ sandboxes: 'static', mesh });
      port = await freePort();
      await makeNetwork(stack, 'dev', { 'sbx-api': 'api:8080' });
      await stack.json(['network', 'policy', 'allow', ...RULE, '--wait=5']);
      await stack.json(['mesh', 'join', 'dev']);
      const forwarded = await stack.json(['mesh', 'forward', 'dev', 'api:8080', '--local', String(port)]);
      expect(forwarded).to.include({ state: 'open', reason: null });
    });
    after(async () => {
      await stack.gstacks('mesh', 'leave', 'dev');
      await stack.remove();
    });

    const curl = (): Promise<Ran> => ran('curl', ['-sS', '--max-time', '5', `http://127.0.0.1:${port}/`]);

    /** The state that both commands show; it has to be the same. */
    async function shown(): Promise<Shown> {
      const status = await stack.gstacks('mesh', 'status', '--json');
      const [network] = (JSON.parse(status.stdout) as { networks: JoinedNetworkState[] }).networks;
      const [forward] = network?.forwards ?? [];
      if (network === undefined || forward === undefined) throw new Error(`nothing is joined: ${status.stdout}`);
      return { code: status.code, network, forward };
    }

    const becomes = (state: ForwardState['state'], code: number): Promise<Shown> =>
      waitFor(
        `the forward is ${state}`,
        async () => {
          const now = await shown();
          return now.forward.state === state && now.code === code && now;
        },
        SEEN_WITHIN_MS,
      );

    async function listed(): Promise<{ readonly code: number | null; readonly state: string | undefined }> {
      const { code, stdout } = await stack.gstacks('mesh', 'forward', 'list', '--json');
      return { code, state: (JSON.parse(stdout) as { items: ForwardState[] }).items[0]?.state };
    }

    afterEach('all is well again', async function () {
      if (this.currentTest?.title === LAST) return;
      const well = await becomes('open', 0);
      expect(well.network).to.include({ state: 'joined', mesh: 'joined', newerVersion: null, code: null });
      expect(well.forward).to.include({ reason: null, lastKnown: null });
      expect(await listed()).to.deep.equal({ code: 0, state: 'open' });
      expect((await curl()).stdout).to.contain('sbx-api');
    });

    const LAST = 'are never open after the whole stack has ended';

    it('say open while all is well', async () => {
      expect((await shown()).forward.state).to.equal('open');
    });

    for (const name of isDirect ? ['control-plane', 'nats'] : ['control-plane']) {
      it(`say that it is not known, and since when, while ${name} is stopped`, async () => {
        const pid = stack.pid(name);
        await stopProcesses(pid);
        try {
          const { network, forward } = await becomes('unknown', 5);
          expect(network).to.include({ state: 'unknown', mesh: unknownMesh, code: 'OUT_OF_CONTACT' });
          expect(forward.lastKnown).to.deep.include({ state: 'open' });
          expect(forward.reason).to.equal(`the control plane last answered at ${network.lastContactAt}`);
          expect(await listed()).to.deep.equal({ code: 5, state: 'unknown' });
          const people = await stack.gstacks('mesh', 'status');
          expect(people.stdout).to.match(/^dev +DISCONNECTED since \d\d:\d\d:\d\d \(bus \w+\)/m);
          expect(people.stdout).to.match(/127\.0\.0\.1:\d+ -> api:8080 +unknown \(open \d+ s ago\)/);
          const whole = await stack.gstacks('mesh', 'status', '--verbose');
          expect(whole.stdout).to.match(/unknown \(joined \d+ s ago\)/);
          expect(whole.stdout).to.match(/unknown \(api:8080 \d+ s ago\)/);
          expect((await stack.gstacks('mesh', 'forward', 'list')).stdout).to.match(/unknown \(open \d+ s ago\)/);
        } finally {
          process.kill(pid, 'SIGCONT');
        }
      });
    }

    it('say that it is unreachable while the agent of the target is stopped', async () => {
      const pid = stack.pid('agent-host-b');
      await stopProcesses(pid);
      try {
        const { network, forward } = await becomes('unreachable', 0);
        expect(network).to.include({ state: 'joined' });
        expect(forward.reason).to.contain('host-b');
        await waitFor(
          'the control plane does not take for known how the agent stands in the mesh',
          async () => {
            const shownAs = /host-b +\S+ .*(?:direct|tsnet) unknown \(joined \d+ s ago\)/;
            const status = await stack.gstacks('network', 'status', 'dev');
            return shownAs.test(status.stdout) && shownAs.test((await stack.gstacks('agent', 'list')).stdout);
          },
          SEEN_WITHIN_MS,
        );
      } finally {
        process.kill(pid, 'SIGCONT');
      }
    });

    for (const { name, state, code } of isDirect ? KILLED : []) {
      it(`say ${state} as long as ${name}, which was killed, is not started again`, async () => {
        const pid = stack.pid(name);
        const supervisor = parentOf(pid);
        await stopProcesses(supervisor);
        try {
          process.kill(pid, 'SIGKILL');
          await becomes(state, code);
        } finally {
          process.kill(supervisor, 'SIGCONT');
        }
      });
    }

    it('say when the background node is gone, and that its ports are closed', async () => {
      process.kill(await backgroundPid(stack), 'SIGKILL');
      const { network, forward } = await becomes('ended', 5);
      expect(network).to.include({ state: 'ended', code: 'NODE_DIED', mesh: 'left' });
      expect(forward.reason).to.contain('is gone');
      expect(await listed()).to.deep.equal({ code: 5, state: 'ended' });
      await stack.json(['mesh', 'join', 'dev']);
      await stack.json(['mesh', 'forward', 'dev', 'api:8080', '--local', String(port)]);
    });

    it(LAST, async () => {
      await stack.stop();
      const end = Date.now();
      await waitFor(
        'every bound has passed',
        async () => {
          const { forward, code } = await shown();
          expect(forward.state).to.not.equal('open');
          expect((await listed()).state).to.not.equal('open');
          return code === 5 && Date.now() - end > KNOWN_FOR_MS && forward;
        },
        SEEN_WITHIN_MS,
      );
      const { network, forward, code } = await shown();
      expect(code).to.equal(5);
      expect(network).to.include({ state: 'unknown', mesh: unknownMesh, code: 'OUT_OF_CONTACT' });
      expect(forward.state, 'the target does not answer').to.equal('unreachable');
      expect((await curl()).stdout).to.equal('');
    });
  });
}

/** The process that started this one and restarts it. */
function parentOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[1]);
}
