import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { inspectNamespaces } from '#apps/agent/sandboxes/inspection/namespace-inspection.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { expectFoundByDials } from '#test/support/broken-isolation.js';
import { ECHO, everyPort, SCAN_TCP, SCAN_UDP } from '#test/support/container-programs.js';
import { insideWithin, nodeInside } from '#test/support/host-namespace.js';
import { expectMended } from '#test/support/mended-rules.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const ECHOES = (port: number) =>
  `require('node:net').createServer((s) => s.on('error', () => {}).pipe(s)).listen(${port}, '::')`;
const SBX_WEB = parseSandboxId('sbx-web', 'id');
/** The port of a host service that has nothing to do with the agent, on all addresses. */
const HOST_PORT = 9_999;
/** The port of another service, which keeps its connections open. */
const HELD_PORT = 9_998;
const UNUSED_PROXY = '10.77.200.200';
const MENDED_WITHIN_MS = 60_000;
const SCANNED_WITHIN_MS = 60_000;

describe('the link of a sandbox of the driver netns', function () {
  this.timeout(120_000);
  let rig: NetnsRig;

  before(async () => {
    rig = await NetnsRig.start(['sbx-web', 'sbx-api']);
    const { agent, plane, host } = rig;
    const echo = rig.keep(
      spawn('ip', ['netns', 'exec', host.name, '/usr/bin/python3', '-c', ECHO, String(HOST_PORT)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    if (echo.stdout !== null) await once(echo.stdout, 'data');
    rig.serve('sbx-api', ECHOES(8_080));
    rig.keep(nodeInside(host.name, ECHOES(HELD_PORT)));
    await plane.publish(
      agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-web api 8080'],
      }),
    );
    await plane.acknowledgement(1);
  });

  after(() => rig?.close());

  const python = async (program: string, places: unknown) => {
    const ask = ['/usr/bin/python3', '-c', program, JSON.stringify(places)];
    const { code, output } = await insideWithin(SCANNED_WITHIN_MS, rig.namespaceOf('sbx-web'), ...ask);
    expect(code, output).to.equal(0);
    return JSON.parse(output);
  };

  async function resolver(): Promise<string> {
    return (await rig.in('sbx-web', 'cat', '/etc/resolv.conf')).output.replace('nameserver ', '').trim();
  }

  async function proxyAddress(): Promise<string> {
    return (await rig.in('sbx-web', 'dig', '+short', '+tries=1', 'api.dev.gstacks')).output.trim();
  }

  const hostAddresses = () => rig.host.addressesFrom('eth0');

  /** A connection of sbx-web that stays open, with the bytes written to it and received. */
  function dialled(address: string, port: number) {
    const hold = `exec 3<>/dev/tcp/${address}/${port}; cat >&3 <&0 & exec cat <&3`;
    const child = rig.keep(spawn('ip', ['netns', 'exec', rig.namespaceOf('sbx-web'), 'bash', '-c', hold]));
    let echoed = '';
    child.stdout?.on('data', (chunk) => {
      echoed += String(chunk);
    });
    return { child, echoed: () => echoed };
  }

  async function expectHostClosed(): Promise<void> {
    const services = [...(await hostAddresses()), await proxyAddress(), UNUSED_PROXY];
    expect(
      await python(
        SCAN_TCP,
        services.map((address) => [address, HOST_PORT, HOST_PORT]),
      ),
    ).to.deep.equal([]);
  }

  it('leads to the resolver and the proxies, and to no other port of any address, v4 and v6', async () => {
    const addresses = await hostAddresses();
    expect(addresses).to.include.members([rig.host.address, rig.host.address6, await resolver()]);
    for (const address of [rig.host.address, `[${rig.host.address6}]`]) {
      const own = await rig.inHost('curl', '-s', '--http0.9', `http://${address}:${HOST_PORT}/`);
      expect(own.output, address).to.contain('host');
    }
    const proxy = await proxyAddress();
    const open = await python(SCAN_TCP, everyPort([...addresses, proxy, UNUSED_PROXY]));
    expect(open).to.have.deep.members([
      [await resolver(), 53],
      [proxy, 8080],
    ]);
  });

  it('answers no datagram but queries to its own resolver', async () => {
    const everywhere = [...(await hostAddresses()), await proxyAddress(), UNUSED_PROXY, rig.address('sbx-api')];
    const asked = everywhere.flatMap((address) => [53, HOST_PORT, 123, 5353].map((port) => [address, port]));
    expect(await python(SCAN_UDP, asked)).to.deep.equal([[await resolver(), 53]]);
  });

  it('leads to no neighbour, v4 and v6', async () => {
    const neighbours = [rig.address('sbx-api'), await rig.address6('sbx-api')];
    expect(await python(SCAN_TCP, everyPort(neighbours))).to.deep.equal([]);
  });

  it('notices that its rules were flushed, says so, and has them again within a minute, cutting nothing', async () => {
    const proxy = await proxyAddress();
    const held = dialled(proxy, 8_080);
    held.child.stdin?.write('before ');
    await waitFor('the flow is open', () => held.echoed() === 'before ');
    let stray: ReturnType<typeof dialled> | null = null;
    await expectMended(
      rig.agent,
      rig.plane,
      () => rig.rules(),
      async () => {
        // Repeated if the agent was faster than the connection.
        while (stray?.echoed() !== 'taken') {
          await rig.inHost('nft', 'flush', 'ruleset');
          const { child, echoed } = dialled(rig.host.address, HELD_PORT);
          stray = { child, echoed };
          child.stdin?.write('taken');
          await waitFor('it is taken or refused', () => echoed() === 'taken' || child.exitCode !== null);
        }
      },
    );
    await expectHostClosed();
    await waitFor('what was opened meanwhile is cut', () => stray?.child.exitCode !== null);
    held.child.stdin?.write('after');
    await waitFor('the flow goes on', () => held.echoed() === 'before after');
    await waitFor(
      'isolation is enforced again',
      () => rig.report('sbx-web').isolation === 'enforced',
      MENDED_WITHIN_MS,
    );
  });

  it('is tried from inside as soon as it is there, and reported as broken while something else answers', async () => {
    const { agent, plane, host } = rig;
    const place = { plane, agentId: agent.id, sandboxId: 'sbx-new' };
    await expectFoundByDials(host.name, UNUSED_PROXY, place, async () => {
      agent.setSandboxes(['sbx-web', 'sbx-api', 'sbx-new'].map((id) => ({ id })));
    });
    agent.setSandboxes(['sbx-web', 'sbx-api'].map((id) => ({ id })));
    await rig.reported(2);
  });

  it('is tried by the diagnostic from inside, which sees a service of the host that a changed rule lets through', async () => {
    const gateway = await resolver();
    const inspection = inspectNamespaces(() => ({
      enter: ['ip', 'netns', 'exec', rig.namespaceOf('sbx-web')],
      agentResolver: gateway,
      hostAddress6: null,
      resolverConfig: null,
      pids: async () => [],
      neighbours: [],
    }));
    const services = [{ address: null, port: HOST_PORT }];
    const dial = () => inspection.dialForbidden(SBX_WEB, services, AbortSignal.timeout(5_000));
    expect(await dial()).to.deep.include({ host: { dialled: 1, reached: [] } });
    const [, table = ''] = /table inet (\S+)/.exec(await rig.rules()) ?? [];
    await waitFor('the service is reached', async () => {
      await rig.inHost('nft', 'insert', 'rule', 'inet', table, 'input', 'tcp', 'dport', String(HOST_PORT), 'accept');
      const dialled = await dial();
      return dialled.kind === 'dialled' && dialled.host.reached.includes(`${gateway}:${HOST_PORT}`);
    });
    const isMended = async () => !(await rig.rules()).includes(String(HOST_PORT));
    await waitFor('the agent takes the rule out', isMended, MENDED_WITHIN_MS);
    await expectHostClosed();
  });
});
