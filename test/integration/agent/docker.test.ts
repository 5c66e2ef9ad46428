import { expect } from 'chai';
import type { SandboxReport } from '#libs/contracts/bus-messages.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { DockerHost } from '#test/support/docker-host.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

describe('an agent with the driver docker', function () {
  this.timeout(120_000);
  let plane: FakeControlPlane;
  let docker: DockerHost;
  let agent: AgentProcess;

  before(async () => {
    docker = await DockerHost.make();
    plane = await FakeControlPlane.start(docker.host.machine);
    agent = new AgentProcess(
      'host-a',
      plane.url,
      {
        GLOBALSTACKS_AGENT_DRIVER: 'docker',
        GLOBALSTACKS_AGENT_DOCKER_SOCKET: docker.socketPath,
        GLOBALSTACKS_AGENT_SANDBOXES: '',
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `${docker.host.address}:0`,
      },
      docker.under,
    );
    agent.start();
    await agent.logged('agent started');
  });

  after(async () => {
    await agent.remove();
    await plane.close();
    await docker.remove();
  });

  function reports(): readonly SandboxReport[] {
    return plane.inventories.at(-1)?.sandboxes ?? [];
  }

  function reported(id: string): Promise<SandboxReport> {
    return waitFor(`${id} is reported`, () => reports().find(({ sandboxId }) => sandboxId === id));
  }

  it('takes labelled containers, and carries a dial by name from one to the other', async () => {
    await docker.serve('api', '--network', 'gstacks', '--label', 'gstacks.sandbox=sbx-api');
    await docker.serve('web', '--network', 'gstacks', '--label', 'gstacks.sandbox=sbx-web');
    await reported('sbx-api');
    expect(await reported('sbx-web')).to.deep.include({ isolation: 'enforced', source: 'verified', dns: 'active' });
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
    const curl = (from: string) => docker.exec(from, 'curl', '-sS', '-m', '5', 'http://api.dev.gstacks:8080/');
    expect(await curl('web')).to.deep.equal({ code: 0, output: 'from api' });
    expect((await curl('api')).code).to.be.oneOf([7, 56]);
    expect((await agent.logged('flow refused')).flow).to.deep.include({ code: 'DEFAULT_DENY', alias: 'api' });
  });
});
