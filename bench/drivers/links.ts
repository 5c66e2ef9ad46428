import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { InventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { AgentProcess } from '#test/support/agent-process.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { HostNamespace, ip } from '#test/support/host-namespace.js';
import { waitFor } from '#test/support/wait.js';
import type { BenchRow } from '../report.js';
import { usageOf, usageText } from './usage.js';

const LINKS = 500;
const AT_ONCE = 16;
const IDLE_SECONDS = 60;
const WITHIN_MS = 120_000;

/** The driver `link` with 500 interfaces: how fast its local API takes them, and what they cost while nothing happens. */
export async function benchLinks(): Promise<readonly BenchRow[]> {
  const host = await HostNamespace.make();
  const plane = await FakeControlPlane.start(host.machine);
  const agent = new AgentProcess(
    'host-a',
    plane.url,
    {
      GLOBALSTACKS_AGENT_DRIVER: 'link',
      GLOBALSTACKS_AGENT_SANDBOXES: '',
      GLOBALSTACKS_MESH_DIRECT_LISTEN: `${host.address}:0`,
      GLOBALSTACKS_LOG_LEVEL: 'warn',
    },
    ['nsenter', `--net=/run/netns/${host.name}`],
  );
  const numbers = Array.from({ length: LINKS }, (_, number) => number);
  try {
    const batch = join(agent.folder, 'batch');
    const making = numbers.map(
      (number) => `link add m${number} up type veth peer name p${number}\nlink set p${number} up\n`,
    );
    writeFileSync(batch, making.join(''));
    const began = performance.now();
    await ip('-n', host.name, '-batch', batch);
    const madePerSecond = (LINKS / (performance.now() - began)) * 1_000;
    agent.start();
    await waitFor('the agent reports', () => plane.inventoryOf(agent.id) !== undefined, WITHIN_MS);
    const none = usageText(await usageOf(agent.pid, IDLE_SECONDS / 3));

    const socketPath = join(agent.stateFolder, 'links.sock');
    const waiting = [...numbers];
    const putOn = async (): Promise<void> => {
      for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) await put(socketPath, number);
    };
    const begun = performance.now();
    await Promise.all(Array.from({ length: AT_ONCE }, putOn));
    const servedPerSecond = (LINKS / (performance.now() - begun)) * 1_000;
    await waitFor('all are reported', () => plane.inventoryOf(agent.id)?.sandboxes.length === LINKS, WITHIN_MS);
    const reportedPerSecond = (LINKS / (performance.now() - begun)) * 1_000;
    await waitFor('all were tried', () => wereTried(plane.inventoryOf(agent.id)), 10 * WITHIN_MS);
    const idle = usageText(await usageOf(agent.pid, IDLE_SECONDS));
    return [
      {
        work: `link: served by the local API, ${AT_ONCE} requests at once, ${LINKS} links`,
        budget: '-',
        measured: `${Math.round(servedPerSecond)}/s, reported ${Math.round(reportedPerSecond)}/s`,
        peer: `ip makes ${Math.round(madePerSecond)}/s in one batch`,
      },
      { work: `link: an agent with ${LINKS} idle links`, budget: '-', measured: idle, peer: `without any: ${none}` },
    ];
  } finally {
    await agent.remove();
    await plane.close();
    await host.remove();
  }
}

/** Each sandbox is tried when it comes, which takes a while for many. */
export function wereTried(inventory: InventoryMessage | undefined): boolean {
  return inventory?.sandboxes.every(({ isolationEvidence }) => isolationEvidence !== null) === true;
}

async function put(socketPath: string, number: number): Promise<void> {
  const outgoing = request({ socketPath, method: 'PUT', path: `/v1/links/many-${number}`, agent: false });
  outgoing.end(JSON.stringify({ interface: `m${number}`, address: `10.82.${number >> 8}.${number & 255}` }));
  const [response] = await once(outgoing, 'response');
  const body = Buffer.concat(await response.toArray()).toString();
  if (response.statusCode !== 200) throw new Error(body);
}
