import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { TEST_IMAGE } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { inside, ip } from '#test/support/host-namespace.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const label = (id: string) => ['--label', `gstacks.sandbox=${id}`];
const sandbox = (id: string, ...more: readonly string[]) => ['--network', 'gstacks', ...label(id), ...more];
const NAME = 'http://api.dev.gstacks:8080/';

describe('an agent with the driver docker', function () {
  this.timeout(120_000);
  let rig: DockerRig;
  let version = 0;

  before(async () => {
    rig = await DockerRig.start();
    await rig.docker.serve('api', ...sandbox('sbx-api'));
    await rig.docker.serve('web', ...sandbox('sbx-web'));
    await rig.reported('sbx-api');
    await rig.reported('sbx-web');
    await apply(['sandbox:sbx-web api 8080']);
  });

  after(() => rig.close());

  async function apply(allow: readonly string[]): Promise<void> {
    version += 1;
    const snapshot = snapshotOf({
      version,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-a', 'sbx-new': 'host-a' },
      aliases: { api: { sandbox: 'sbx-api', ports: [8080] }, idle: { sandbox: 'sbx-api', ports: [7000] } },
      allow,
    });
    await rig.plane.publish(rig.agent.id, snapshot);
    await rig.plane.acknowledgement(version);
  }

  it('reports labelled containers as isolated, with a source it vouches for and the resolver in use', () => {
    const report = rig.report('sbx-web');
    expect(report).to.deep.include({
      isolation: 'enforced',
      source: 'verified',
      dns: 'active',
      paused: false,
    });
    expect(report?.container).to.deep.include({ name: 'web', engineSocket: rig.docker.socketPath });
  });

  it('carries a dial by name, and resets one that is not allowed', async () => {
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
    expect((await rig.curl('api', NAME)).code).to.be.oneOf([7, 56]);
    expect((await rig.agent.logged('flow refused')).flow).to.deep.include({ code: 'DEFAULT_DENY', alias: 'api' });
  });

  it('looks into containers for diagnostics: their resolver, their listeners, their neighbours', async () => {
    const ask = async (role: 'source' | 'target', alias = 'api', port = 8080) => {
      const reply = await rig.plane.diagnose(rig.agent.id, {
        ...{ protocol: BUS_PROTOCOL, kind: 'checks', networkId: TEST_NETWORK, epoch: rig.plane.epoch, version },
        ...{ hash: '0'.repeat(64), role, from: 'sandbox:sbx-web', alias, port },
      });
      const answered = parseDiagnoseReply(reply);
      if (answered.kind !== 'checks') throw new Error('checks were asked for');
      return new Map(answered.checks.map((check) => [check.code, `${check.status}: ${check.evidence}`]));
    };
    const source = await ask('source');
    expect(source.get('USES_AGENT_DNS')).to.match(/^pass: .* in sbx-web asks .* for api\.dev\.gstacks/);
    expect(source.get('ISOLATED')).to.match(/^pass: sbx-web reaches none of 1 addresses/);
    expect((await ask('target')).get('TARGET_ACCEPTS')).to.match(/^pass: sbx-api listens on/);
    expect((await ask('target', 'idle', 7000)).get('TARGET_ACCEPTS')).to.match(/^fail: nothing listens on port 7000/);
  });

  it('cuts an open flow that a version denies, and counts it', async () => {
    const held = await rig.hold('web', `${NAME}hold`);
    await apply([]);
    const { flowsCut } = await rig.plane.acknowledgement(version);
    expect(flowsCut).to.have.length(1);
    const { code, output } = await held.ended;
    expect([18, 56], output).to.include(code);
    await apply(['sandbox:sbx-web api 8080']);
  });

  it('makes itself known to a container that it admits, which asked in vain before', async () => {
    // A container that never sends anything: the host has no reason to look up its hardware address.
    await rig.docker.run('run', '-d', '--name', 'idle', ...sandbox('sbx-new'), TEST_IMAGE, 'sleep', '60');
    const { address } = await rig.reported('sbx-new');
    await waitFor('the host has found it', async () =>
      (await ip('-n', rig.docker.host.name, 'neigh', 'show', address, 'dev', 'gstacks0')).includes('lladdr'),
    );
    await rig.docker.run('rm', '-f', 'idle');
  });

  it('answers the first query of a container that asks at once, also where an earlier one had its address', async () => {
    await apply(['sandbox:sbx-web api 8080', 'sandbox:sbx-new api 8080']);
    const waits: number[] = [];
    for (const address of ['10.78.0.40', '10.78.0.41', '10.78.0.40', '10.78.0.41']) {
      const from = rig.agent.log.length;
      const ask = `until curl -sf -o /dev/null ${NAME}; do sleep 0.01; done; echo $EPOCHREALTIME`;
      const answered = await rig.docker.run(
        'run',
        '--rm',
        '--ip',
        address,
        ...sandbox('sbx-new'),
        TEST_IMAGE,
        'bash',
        '-c',
        ask,
      );
      // The line that reports the earlier container as gone may come after `from` too.
      const { time } = await rig.agent.logged('sandboxes changed', from, ({ changed }) => isOf(changed, 'sbx-new'));
      waits.push(Number(answered) * 1_000 - Date.parse(String(time)));
      await rig.gone('sbx-new');
    }
    // Without the host's announcement it takes until the kernel's next ARP request, a second after the first.
    expect(Math.min(...waits.slice(0, 2)), String(waits)).to.be.lessThan(400);
    expect(Math.min(...waits.slice(2)), String(waits)).to.be.lessThan(400);
  });

  it('follows within two seconds what happens to a container: stop, start, kill, restart, pause, rename, removal', async () => {
    const { docker } = rig;
    await docker.serve('one', ...sandbox('', '--restart', 'no'));
    const first = await rig.reported('one');
    await docker.run('stop', '-t', '0', 'one');
    await rig.gone('one');
    await docker.run('start', 'one');
    await rig.reported('one', ({ container }) => container?.startedAt !== first.container?.startedAt);
    await docker.run('kill', 'one');
    await rig.gone('one');
    await docker.run('restart', 'one');
    await rig.reported('one');
    await docker.run('pause', 'one');
    await rig.reported('one', ({ paused }) => paused);
    await docker.run('unpause', 'one');
    await rig.reported('one', ({ paused }) => !paused);
    await docker.run('rename', 'one', 'two');
    await rig.reported('two');
    expect(rig.report('one')).to.equal(undefined);
    await docker.run('rm', '-f', 'two');
    await rig.gone('two');
  });

  it('refuses a dial to a paused container, and says that it is paused', async () => {
    await rig.docker.run('pause', 'api');
    await rig.reported('sbx-api', ({ paused }) => paused);
    const from = rig.agent.log.length;
    const { code } = await rig.curl('web', NAME);
    expect(code).to.be.oneOf([7, 56]);
    expect((await rig.agent.logged('flow refused', from)).flow).to.deep.include({ code: 'TARGET_PAUSED' });
    await rig.docker.run('unpause', 'api');
    await rig.reported('sbx-api', ({ paused }) => !paused);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });

  it('follows a container that is made anew at another address, and cuts what was open to the one before', async () => {
    const { docker } = rig;
    const before = await rig.reported('sbx-api');
    const held = await rig.hold('web', `${NAME}hold`);
    await docker.run('rm', '-f', 'api');
    await docker.run('run', '-d', '--name', 'squatter', '--network', 'gstacks', TEST_IMAGE, 'sleep', '60');
    await docker.serve('api', ...sandbox('sbx-api'));
    const after = await rig.reported('sbx-api', ({ container }) => container?.id !== before.container?.id);
    expect(after.address).to.not.equal(before.address);
    expect((await held.ended).code).to.be.oneOf([18, 56]);
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
    expect(await rig.refused('squatter', 'SANDBOX_LABEL_MISSING')).to.have.property('sandboxId', null);
    await docker.run('rm', '-f', 'squatter');
  });

  it('refuses what cannot be a sandbox, each with its reason, and serves the others', async () => {
    const { docker } = rig;
    const idle = ['sleep', '60'];
    await docker.run('run', '-d', '--name', 'twin', ...sandbox('sbx-web'), TEST_IMAGE, ...idle);
    await docker.run('run', '-d', '--name', 'odd', ...sandbox('a b'), TEST_IMAGE, ...idle);
    await docker.run('run', '-d', '--name', 'apart', '--label', 'gstacks.sandbox=', TEST_IMAGE, ...idle);
    await docker.run('run', '-d', '--name', 'host', ...label('h'), '--network', 'host', TEST_IMAGE, ...idle);
    await docker.run('run', '-d', '--name', 'shared', ...label('s'), '--network', 'container:web', TEST_IMAGE, ...idle);
    const { message } = await rig.refused('twin', 'SANDBOX_ID_TAKEN');
    expect(message).to.contain('twin').and.contain('web').and.contain('sbx-web');
    await rig.refused('odd', 'SANDBOX_LABEL_INVALID');
    await rig.refused('apart', 'NOT_ON_NETWORK');
    await rig.refused('host', 'HOST_NETWORK');
    await rig.refused('shared', 'SHARED_NETWORK');
    expect(rig.report('sbx-web')?.container?.name).to.equal('web');
    expect(await rig.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
    expect((await rig.curl('twin', NAME)).code).to.be.oneOf([6, 28]);
    expect((await rig.agent.logged('a container or link cannot become a sandbox')).remedy).to.be.a('string');
    await docker.run('rm', '-f', 'twin', 'odd', 'apart', 'host', 'shared');
    await waitFor('nothing is refused', () => rig.inventory?.refused.length === 0, 2_000);
  });

  it('puts a container onto its network by itself where the label asks for it, and says that it is on two', async () => {
    await apply(['sandbox:sbx-web api 8080', 'sandbox:sbx-new api 8080']);
    await rig.docker.serve('auto', ...label('sbx-new'), '--label', 'gstacks.attach=auto');
    const report = await rig.reported('sbx-new');
    expect(report).to.deep.include({ isolation: 'advisory', dns: 'active' });
    expect(report.isolationEvidence).to.match(/also on bridge \(172\.[0-9.]+\)/);
    expect(report.isolationRemedy).to.equal('docker network disconnect bridge auto');
    expect(await rig.curl('auto', NAME)).to.deep.equal({ code: 0, output: 'from api' });
    await rig.docker.run('rm', '-f', 'auto');
  });

  it('is removed by globalstacks-agent cleanup once it has ended, and not before: network and rules; containers stay', async () => {
    const { agent, docker } = rig;
    const left = async () => ({
      network: await docker.run('network', 'ls', '--quiet', '--filter', 'name=^gstacks$'),
      tables: (await inside(docker.host.name, 'nft', 'list', 'tables')).output.match(/gstacks\w*/g) ?? [],
      running: await docker.run('ps', '--quiet', '--filter', 'name=^(api|web)$'),
    });
    const before = await left();
    expect(before.network).to.not.equal('');
    expect(before.tables).to.not.be.empty;
    const early = await agent.command('cleanup');
    expect(early.code, early.output).to.equal(1);
    expect(early.output).to.include('STATE_FOLDER_IN_USE');
    expect(await left()).to.deep.equal(before);
    await agent.end('SIGKILL');
    expect(await agent.command('cleanup')).to.deep.equal({ code: 0, output: 'removed what the driver made\n' });
    expect(await left()).to.deep.equal({ ...before, network: '', tables: [] });
  });
});

/** Whether a log line's list of reports contains this sandbox. */
function isOf(reports: unknown, sandboxId: string): boolean {
  return Array.isArray(reports) && reports.some((report) => report.sandboxId === sandboxId);
}
