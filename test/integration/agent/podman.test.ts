import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { AgentProcess } from '#test/support/agent-process.js';
import { CLONE } from '#test/support/clone.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { inside } from '#test/support/host-namespace.js';
import { PODMAN_IMAGE, PodmanHost, whyNoPodman } from '#test/support/podman-host.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const NAME = 'http://api.dev.gstacks:8080/';
const LIBRARY = pathToFileURL(join(CLONE, 'dist/libs/docker-engine')).href;
const POD_NETWORK = ['--infra-command', 'sleep 600', '--network', 'gstacks'];

describe("the driver docker at Podman's Docker-compatible socket", function () {
  this.timeout(180_000);
  let podman: PodmanHost;
  let plane: FakeControlPlane;
  let agent: AgentProcess;

  before(async function () {
    const reason = await whyNoPodman();
    if (reason !== null) {
      process.stdout.write(`${reason}\n`);
      this.skip();
    }
    podman = await PodmanHost.make();
    plane = await FakeControlPlane.start(podman.host.machine);
    agent = new AgentProcess(
      'host-a',
      plane.url,
      {
        GLOBALSTACKS_AGENT_DRIVER: 'docker',
        GLOBALSTACKS_AGENT_DOCKER_SOCKET: podman.socketPath,
        GLOBALSTACKS_AGENT_SANDBOXES: '',
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `${podman.host.address}:0`,
      },
      podman.under,
    );
    agent.start();
    await agent.logged('agent started');
    await podman.start('api', 'python3', '-m', 'http.server', '8080');
    await podman.start('web', 'sleep', '600');
    await reported('sbx-api');
    await reported('sbx-web');
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

  after(async () => {
    await agent?.remove();
    await plane?.close();
    await podman?.remove();
  });

  const report = (id: string) => plane.inventoryOf(agent.id)?.sandboxes.find(({ sandboxId }) => sandboxId === id);
  const reported = (id: string) => waitFor(`${id} is reported`, () => report(id));

  /** From inside a container: in its network namespace and with its own resolv.conf. */
  async function curl(name: string, url: string) {
    return podman.run('exec', name, 'curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '-m', '5', url).then(
      (output) => ({ code: 0, output }),
      (error: { code?: number; stderr?: string }) => ({ code: error.code ?? -1, output: error.stderr ?? '' }),
    );
  }

  it('takes labelled containers, as isolated, and finds them so by dials', async () => {
    expect(report('sbx-web')).to.deep.include({ isolation: 'enforced', source: 'verified', dns: 'active' });
    const tried = await waitFor('it was tried', () => report('sbx-web')?.isolationEvidence ?? undefined, 20_000);
    expect(tried).to.contain('reaches none of 1 addresses of its neighbours');
  });

  it('carries a dial by name, resets one that is not allowed, and lets nothing past the proxy', async () => {
    await waitFor('the API serves', async () => (await curl('web', NAME)).output === '200');
    expect((await curl('api', NAME)).code).to.be.oneOf([7, 55, 56]);
    const { address = '' } = report('sbx-api') ?? {};
    expect((await curl('web', `http://${address}:8080/`)).code).to.be.oneOf([7, 28]);
    expect((await inside(podman.host.name, 'curl', '-sS', '-o', '/dev/null', `http://${address}:8080/`)).code).to.equal(
      0,
    );
    expect((await curl('web', `http://${podman.host.machine}:80/`)).code).to.be.oneOf([7, 28]);
  });

  it('runs a command in a container, as `gstacks sandbox exec` does', async () => {
    const { container } = await reported('sbx-web');
    const exec = `const { startExec } = await import('${LIBRARY}/exec.js');
const { DockerEngine } = await import('${LIBRARY}/engine.js');
const engine = new DockerEngine(${JSON.stringify(podman.socketPath)});
const command = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
process.exitCode = await (await startExec(engine, ${JSON.stringify(container?.id)}, command, process)).ended;`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', exec], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect({ status, stdout, stderr }).to.deep.equal({ status: 7, stdout: 'out\n', stderr: 'err\n' });
  });

  it('reports a container on a second network as advisory, and answers it there too', async () => {
    await podman.run('network', 'create', 'other');
    await podman.startWith('both', ['--network', 'gstacks,other'], 'sleep', '600');
    const { isolation, isolationEvidence, dns } = await reported('sbx-both');
    expect({ isolation, dns }).to.deep.equal({ isolation: 'advisory', dns: 'active' });
    expect(isolationEvidence).to.match(/also on other/);
    const dig = ['dig', '+tries=1', '+time=2', 'api.dev.gstacks'];
    await waitFor('the agent answers', async () => /^gstacks\.\s.*SOA/m.test(await podman.run('exec', 'both', ...dig)));
    await podman.run('network', 'disconnect', 'other', 'both');
    await waitFor('it is isolated', () => report('sbx-both')?.isolation === 'enforced');
  });

  it("refuses a container of a pod, which has the pod's address", async () => {
    await podman.run('pod', 'create', '--name', 'pod', '--infra-image', PODMAN_IMAGE, ...POD_NETWORK);
    await podman.startWith('member', ['--pod', 'pod'], 'sleep', '600');
    const { code } = await waitFor('it is refused', () =>
      plane.inventoryOf(agent.id)?.refused.find(({ name }) => name === 'member'),
    );
    expect(code).to.equal('SHARED_NETWORK');
  });

  it('follows a container that is paused, taken off the network, and killed', async () => {
    await podman.run('pause', 'api');
    await waitFor('it is paused', () => report('sbx-api')?.paused);
    await podman.run('unpause', 'api');
    await waitFor('it is not paused any more', () => report('sbx-api')?.paused === false);
    await podman.run('network', 'disconnect', 'gstacks', 'web');
    const refused = await waitFor('it is refused', () =>
      plane.inventoryOf(agent.id)?.refused.find(({ name }) => name === 'web'),
    );
    expect(refused.code).to.equal('NOT_ON_NETWORK');
    await podman.run('network', 'connect', 'gstacks', 'web');
    await reported('sbx-web');
    await podman.run('kill', 'api');
    await waitFor('it is gone', () => report('sbx-api') === undefined);
  });
});
