import { expect } from 'chai';
import { DockerHost } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { HostNamespace } from '#test/support/host-namespace.js';
import { type SnapshotText, snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const sandbox = (id: string) => ['--network', 'gstacks', '--label', `gstacks.sandbox=${id}`];
const NAME = 'http://api.dev.gstacks:8080/';

describe('two hosts with the driver docker', function () {
  this.timeout(120_000);
  let plane: FakeControlPlane;
  let a: DockerRig;
  let b: DockerRig;

  before(async () => {
    const hosts = [await DockerHost.make(), await DockerHost.make()] as const;
    const [wireA, wireB] = await HostNamespace.wire(hosts[0].host, hosts[1].host);
    plane = await FakeControlPlane.start(hosts[0].host.machine);
    a = await DockerRig.start(
      { GLOBALSTACKS_MESH_DIRECT_LISTEN: `${wireA}:7443` },
      { name: 'host-a', docker: hosts[0], plane },
    );
    b = await DockerRig.start(
      { GLOBALSTACKS_MESH_DIRECT_LISTEN: `${wireB}:7443` },
      { name: 'host-b', docker: hosts[1], plane },
    );
    await a.docker.serve('web', ...sandbox('sbx-web'));
    await b.docker.serve('api', ...sandbox('sbx-api'));
    await a.reported('sbx-web');
    await b.reported('sbx-api');
    // The answer to a heartbeat tells each agent of the other.
    const heard = plane.heartbeats.length;
    await waitFor(
      'both are told of their peer',
      () => new Set(plane.heartbeats.slice(heard).map(({ bootId }) => bootId)).size === 2,
    );
  });

  after(async () => {
    await a?.close();
    await b?.close();
    await plane?.close();
  });

  async function apply(version: number, rules: Pick<SnapshotText, 'allow' | 'deny'>): Promise<readonly string[]> {
    const snapshot = snapshotOf({
      version,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
      aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
      ...rules,
    });
    for (const { agent } of [a, b]) await plane.publish(agent.id, snapshot);
    const cut = await Promise.all([a, b].map(({ agent }) => plane.acknowledgementOf(agent.id, version)));
    return [...new Set(cut.flatMap(({ flowsCut }) => flowsCut))];
  }

  it('carry a request by name from a container of one to a container of the other, though their addresses are the same', async () => {
    await apply(1, { allow: ['sandbox:sbx-web api 8080'] });
    expect(a.report('sbx-web')?.address).to.equal(b.report('sbx-api')?.address);
    expect(await a.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });

  it('cut an open flow on a denial, and count it once', async () => {
    const held = await a.hold('web', `${NAME}hold`);
    expect(await apply(2, { allow: ['sandbox:sbx-web api 8080'], deny: ['sandbox:sbx-web api 8080'] })).to.have.length(
      1,
    );
    expect((await held.ended).code).to.be.oneOf([18, 56]);
    expect((await a.curl('web', NAME)).code).to.be.oneOf([7, 56]);
    await apply(3, { allow: ['sandbox:sbx-web api 8080'] });
    expect(await a.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });

  it('refuse a flow to a container that is paused on the other host', async () => {
    await b.docker.run('pause', 'api');
    await b.reported('sbx-api', ({ paused }) => paused);
    const from = a.agent.log.length;
    expect((await a.curl('web', NAME)).code).to.be.oneOf([7, 52, 56]);
    expect((await a.agent.logged('flow refused', from)).flow).to.deep.include({ code: 'TARGET_PAUSED' });
    await b.docker.run('unpause', 'api');
    await b.reported('sbx-api', ({ paused }) => !paused);
    expect(await a.curl('web', NAME)).to.deep.equal({ code: 0, output: 'from api' });
  });
});
