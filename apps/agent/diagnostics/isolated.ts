import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { worst } from '#libs/data-plane/diagnostics/worst-check.js';
import type { Dials, Unseen } from '../sandboxes/inspection/inspection.js';
import { MOST_LOOKED_INTO } from './agent-dns.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';

/**
 * Whether the sources are kept from their neighbours and from other services of the host: by dials that must fail, and
 * by what the driver says of them.
 */
export async function checkIsolated(
  agent: DiagnosedAgent,
  sources: readonly { readonly sandboxId: SandboxId }[],
  signal: AbortSignal,
): Promise<Check> {
  const here = sources.filter(({ sandboxId }) => agent.sandboxes.addressOf(sandboxId) !== null);
  if (here.length === 0) return skipped('ISOLATED', 'no sandbox of this host is a source');
  await agent.checkIsolation();
  return worst(
    await Promise.all(here.slice(0, MOST_LOOKED_INTO).map(({ sandboxId }) => checkSandbox(agent, sandboxId, signal))),
  );
}

async function checkSandbox(agent: DiagnosedAgent, sandboxId: SandboxId, signal: AbortSignal): Promise<Check> {
  const said = agent.isolationOf(sandboxId);
  const reason = said?.isolationEvidence ?? 'no reason given';
  const remedy = said?.isolationRemedy ?? null;
  if (said?.isolation === 'broken') return fail('ISOLATED', `isolation of ${sandboxId} is broken: ${reason}`, remedy);
  const [neighbours, host] = await Promise.all([
    agent.inspection.dialNeighbours(sandboxId, signal),
    agent.hostServices().then((services) => agent.inspection.dialHost(sandboxId, services, signal)),
  ]);
  const reached = [...reachedBy(neighbours, 'its neighbours'), ...reachedBy(host, 'its host')];
  if (reached.length > 0) {
    const evidence = `${sandboxId} reaches ${reached.join(', and ')} past the proxy`;
    return fail('ISOLATED', evidence, 'start the agent again, which sets its rules anew, and see what removed them');
  }
  if (said?.isolation === 'advisory') {
    return skipped('ISOLATED', `isolation of ${sandboxId} is advisory: ${reason}`, remedy);
  }
  if (neighbours.kind === 'unseen') return skipped('ISOLATED', `not tried from ${sandboxId}: ${neighbours.reason}`);
  if (host.kind === 'unseen') return skipped('ISOLATED', `not tried from ${sandboxId}: ${host.reason}`);
  if (neighbours.dialled + host.dialled === 0) {
    return skipped('ISOLATED', `${sandboxId} has no neighbour on this host to dial, and the host has no service`);
  }
  const tried = `${neighbours.dialled} addresses of its neighbours and ${host.dialled} services of its host`;
  return pass('ISOLATED', `${sandboxId} reaches none of ${tried} directly`);
}

function reachedBy(found: Unseen | Dials, whose: string): readonly string[] {
  return found.kind === 'dialled' && found.reached.length > 0 ? [`${found.reached.join(', ')} of ${whose}`] : [];
}
