import { expect } from 'chai';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { inside } from '#test/support/host-namespace.js';
import { PodmanHost, whyNoPodman } from '#test/support/podman-host.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const NAME = 'http://api.dev.gstacks:8080/';

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

  /** From inside a container, by its network namespace and its own resolv.conf. */
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
