import { TEST_IMAGE } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { usageOf, usageText } from '#test/support/usage.js';
import { waitFor } from '#test/support/wait.js';
import { type BenchRow, median } from '../report.js';
import { wereTried } from './links.js';

const CONTAINERS = 40;
const AT_ONCE = 4;
const ROUNDS = 5;
const IDLE_SECONDS = 60;
const WITHIN_MS = 120_000;
const NAME = 'http://api.dev.gstacks:8080/';

/**
 * The driver `docker` compared with dockerd alone: containers attached, and the time from `docker run` to the first
 * byte by name.
 */
export async function benchContainers(): Promise<readonly BenchRow[]> {
  const rig = await DockerRig.start({ GLOBALSTACKS_LOG_LEVEL: 'info' });
  try {
    await rig.docker.serve('api', '--network', 'gstacks', '--label', 'gstacks.sandbox=sbx-api');
    await rig.reported('sbx-api');
    await rig.plane.publish(
      rig.agent.id,
      snapshotOf({
        version: 1,
        sandboxes: { 'sbx-api': 'host-a', 'sbx-new': 'host-a' },
        aliases: { api: { sandbox: 'sbx-api', ports: [8080] } },
        allow: ['sandbox:sbx-new api 8080'],
      }),
    );
    await rig.plane.acknowledgement(1);
    return [...(await firstBytes(rig)), ...(await attached(rig))];
  } finally {
    await rig.close();
  }
}

async function attached(rig: DockerRig): Promise<readonly BenchRow[]> {
  const alone = await started(rig, 'plain', () => ['--network', 'bridge']);
  await rig.docker.run('rm', '-f', ...names('plain'));
  const begun = performance.now();
  await started(rig, 'sbx', (name) => ['--network', 'gstacks', '--label', `gstacks.sandbox=${name}`]);
  await waitFor('all are reported', () => rig.inventory?.sandboxes.length === CONTAINERS + 1, WITHIN_MS);
  const reported = CONTAINERS / ((performance.now() - begun) / 1_000);
  await waitFor('all were tried', () => wereTried(rig.inventory), WITHIN_MS);
  const idle = usageText(await usageOf(rig.agent.pid, IDLE_SECONDS));
  await rig.docker.run('rm', '-f', ...names('sbx'));
  return [
    {
      work: `docker: ${CONTAINERS} containers started and attached, ${AT_ONCE} at once`,
      budget: '-',
      measured: `${reported.toFixed(1)}/s (${(reported / alone).toFixed(2)}x)`,
      peer: `dockerd alone ${alone.toFixed(1)}/s`,
    },
    { work: `docker: an agent with ${CONTAINERS + 1} idle containers`, budget: '-', measured: idle, peer: '-' },
  ];
}

const names = (prefix: string) => Array.from({ length: CONTAINERS }, (_, number) => `${prefix}-${number}`);

/** Containers per second. */
async function started(rig: DockerRig, prefix: string, options: (name: string) => readonly string[]): Promise<number> {
  const waiting = names(prefix);
  const runOn = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await rig.docker.run('run', '-d', '--name', name, ...options(name), TEST_IMAGE, 'sleep', '600');
    }
  };
  const begun = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, runOn));
  return CONTAINERS / ((performance.now() - begun) / 1_000);
}

/** A container, started by `docker run`, that asks until it is answered. */
async function firstBytes(rig: DockerRig): Promise<readonly BenchRow[]> {
  await rig.docker.serve('plain-api');
  const address = await rig.docker.run('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'plain-api');
  const sandbox = ['--network', 'gstacks', '--label', 'gstacks.sandbox=sbx-new'];
  const [byName, byAddress]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    byAddress.push(await firstByte(rig, [], `http://${address}:8080/`));
    byName.push(await firstByte(rig, sandbox, NAME));
    await rig.gone('sbx-new');
  }
  return [
    {
      work: 'docker: from `docker run` to the first allowed byte by name, p50',
      budget: '-',
      measured: `${Math.round(median(byName))} ms`,
      peer: `by address without the agent ${Math.round(median(byAddress))} ms`,
    },
  ];
}

async function firstByte(rig: DockerRig, options: readonly string[], url: string): Promise<number> {
  const ask = `until curl -sf --connect-timeout 1 ${url}; do sleep 0.02; done`;
  const begun = performance.now();
  const { child, ended } = rig.docker.start('run', '--rm', ...options, TEST_IMAGE, 'sh', '-c', ask);
  let firstMs: number | null = null;
  child.stdout?.once('data', () => {
    firstMs = performance.now() - begun;
  });
  const { code, output } = await ended;
  if (code !== 0 || firstMs === null) throw new Error(`docker run: ${output}`);
  return firstMs;
}
