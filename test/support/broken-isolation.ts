import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import type { AgentId } from '#libs/contracts/ids.js';
import type { FakeControlPlane } from './fake-control-plane.js';
import { waitFor } from './wait.js';

const PORT = 9_997;
const TOLD_WITHIN_MS = 20_000;
const SERVER = (address: string) =>
  `require('node:net').createServer((s) => s.end()).listen(${PORT}, '${address}', () => console.log('listening'))`;

/**
 * Starts a service of the host at an address of the proxy range, which the agent's rules let sandboxes reach. Expects
 * the agent to detect it by dials from the sandbox that `come` starts, and to detect the end of the service for every
 * sandbox, since earlier sandboxes may have been dialled from meanwhile.
 */
export async function expectFoundByDials(
  host: string,
  proxyAddress: string,
  {
    plane,
    agentId,
    sandboxId,
  }: { readonly plane: FakeControlPlane; readonly agentId: AgentId; readonly sandboxId: string },
  come: () => Promise<unknown>,
): Promise<void> {
  const reports = () => plane.inventoryOf(agentId)?.sandboxes ?? [];
  const report = () => reports().find((one) => one.sandboxId === sandboxId);
  const service = await serviceAt(host, proxyAddress);
  try {
    await come();
    const broken = await waitFor(
      `${sandboxId} is reported as broken`,
      () => (report()?.isolation === 'broken' ? report() : undefined),
      TOLD_WITHIN_MS,
    );
    expect(broken.isolationEvidence).to.contain(`reaches ${proxyAddress}:${PORT} of its host without the proxy`);
    expect(broken.isolationRemedy).to.contain('proxy range');
  } finally {
    service.kill('SIGKILL');
  }
  const mended = await waitFor(
    `${sandboxId} is reported as enforced`,
    () => (report()?.isolation === 'enforced' ? report() : undefined),
    TOLD_WITHIN_MS,
  );
  await waitFor(
    'no sandbox is reported as broken',
    () => reports().every(({ isolation }) => isolation !== 'broken'),
    TOLD_WITHIN_MS,
  );
  expect(mended.isolationEvidence).to.match(/reaches none of \d+ addresses of its neighbours and \d+ services/);
}

async function serviceAt(host: string, address: string): Promise<ChildProcess> {
  const command = ['netns', 'exec', host, process.execPath, '-e', SERVER(address)];
  const child = spawn('ip', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}
