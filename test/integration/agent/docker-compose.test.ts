import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { TEST_IMAGE } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';

const run = promisify(execFile);

/** One service only on the agent's network, and one that the agent connects in addition to the project's own. */
const PROJECT = (project: string) => `
version: '2.4'
services:
  api:
    image: ${TEST_IMAGE}
    command: ['python3', '-m', 'http.server', '8080']
    labels: { gstacks.sandbox: ${project}-api }
    networks: [gstacks]
    healthcheck:
      test: ['CMD', 'curl', '-sf', 'http://api.${project}.gstacks:8080/']
      interval: 1s
      retries: 60
  web:
    image: ${TEST_IMAGE}
    command: ['sleep', '600']
    labels: { gstacks.sandbox: ${project}-web, gstacks.attach: auto }
  db:
    image: ${TEST_IMAGE}
    command: ['sleep', '600']
networks:
  gstacks:
    external: true
`;

describe('compose projects with the driver docker', function () {
  this.timeout(180_000);
  let rig: DockerRig;

  before(async () => {
    rig = await DockerRig.start();
    for (const project of ['shop', 'blog']) {
      await compose(project, 'up', '-d');
      await rig.reported(`${project}-api`);
      await rig.reported(`${project}-web`);
      const networkId = project === 'shop' ? 'aaaa' : 'bbbb';
      await rig.plane.publish(
        rig.agent.id,
        snapshotOf({
          networkId,
          name: project,
          version: 1,
          sandboxes: { [`${project}-api`]: 'host-a', [`${project}-web`]: 'host-a' },
          aliases: { api: { sandbox: `${project}-api`, ports: [8080] } },
          allow: [`sandbox:${project}-web api 8080`, `sandbox:${project}-api api 8080`],
        }),
      );
    }
    await waitFor('both networks are applied', () => rig.plane.applied.length >= 2);
    for (const project of ['shop', 'blog']) {
      const api = await container(project, 'api');
      await waitFor(`the server of ${project} listens`, async () => {
        return (await rig.docker.exec(api, 'curl', '-sf', 'http://127.0.0.1:8080/')).code === 0;
      });
    }
  });

  after(() => rig?.close());

  async function compose(project: string, ...args: readonly string[]): Promise<void> {
    const folder = join(rig.docker.folder, project);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'docker-compose.yml'), PROJECT(project));
    const env = { ...process.env, DOCKER_HOST: `unix://${rig.docker.socketPath}` };
    await run('docker-compose', ['-p', project, ...args], { cwd: folder, env, timeout: 60_000 });
  }

  const container = (project: string, service: string) =>
    rig.docker.run('ps', '-q', '-f', `label=com.docker.compose.project=${project}`, '-f', `name=${service}`);
  const look = async (project: string, service: string, name: string) =>
    (
      await rig.docker.exec(await container(project, service), 'dig', '+short', '+tries=1', '+time=2', name)
    ).output.trim();

  it('that both have a service api keep to themselves: each reaches its own by name', async () => {
    const addresses = await Promise.all(
      ['shop', 'blog'].map((project) => look(project, 'web', `api.${project}.gstacks`)),
    );
    expect(new Set(addresses).size).to.equal(2);
    for (const project of ['shop', 'blog']) {
      const web = await container(project, 'web');
      expect((await rig.curl(web, `http://api.${project}.gstacks:8080/`)).code).to.equal(0);
      const other = project === 'shop' ? 'blog' : 'shop';
      expect(await look(project, 'web', `api.${other}.gstacks`)).to.equal('');
    }
  });

  it('keep their own names in a service on two networks, and get no name of a container in one that is on one', async () => {
    expect(await look('shop', 'web', 'db')).to.match(/^172\./);
    expect(await look('shop', 'api', 'api')).to.equal('');
    expect(await look('shop', 'api', 'db')).to.equal('');
    expect(rig.report('shop-api')).to.deep.include({ isolation: 'enforced', dns: 'active' });
    expect(rig.report('shop-web')).to.deep.include({ isolation: 'advisory', dns: 'active' });
  });

  it('see their health checks by name pass', async () => {
    for (const project of ['shop', 'blog']) {
      const id = await container(project, 'api');
      await waitFor(
        `${project} is healthy`,
        async () => (await rig.docker.run('inspect', '-f', '{{.State.Health.Status}}', id)) === 'healthy',
        30_000,
      );
    }
  });

  it('resolve names by the resolver of musl as well', async () => {
    const program = join(rig.docker.folder, 'look-up');
    await run('musl-gcc', ['-static', '-o', program, join(CLONE, 'test/programs/look-up.c')]);
    for (const service of ['web', 'api']) {
      const id = await container('shop', service);
      await rig.docker.run('cp', program, `${id}:/tmp/look-up`);
      const { code, output } = await rig.docker.exec(id, '/tmp/look-up', 'api.shop.gstacks');
      expect(code, output).to.equal(0);
      expect(output.trim()).to.equal(await look('shop', service, 'api.shop.gstacks'));
    }
  });

  it('are gone from the inventory when they are taken down', async () => {
    await compose('blog', 'down', '-t', '0');
    await rig.gone('blog-api');
    await rig.gone('blog-web');
    expect(rig.report('shop-api')).to.not.equal(undefined);
  });
});
