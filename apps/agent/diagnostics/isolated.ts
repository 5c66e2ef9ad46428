import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { worst } from '#libs/data-plane/diagnostics/worst-check.js';
import { MOST_LOOKED_INTO } from './agent-dns.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';

/** Whether the sources are kept from their neighbours: by dials that must fail, and by what the driver says of them. */
export async function checkIsolated(
  agent: DiagnosedAgent,
  sources: readonly { readonly sandboxId: SandboxId }[],
  signal: AbortSignal,
): Promise<Check> {
  const here = sources.filter(({ sandboxId }) => agent.sandboxes.addressOf(sandboxId) !== null);
  if (here.length === 0) return skipped('ISOLATED', 'no sandbox of this host is a source');
  return worst(
    await Promise.all(here.slice(0, MOST_LOOKED_INTO).map(({ sandboxId }) => checkSandbox(agent, sandboxId, signal))),
  );
}

async function checkSandbox(agent: DiagnosedAgent, sandboxId: SandboxId, signal: AbortSignal): Promise<Check> {
  const said = agent.isolationOf(sandboxId);
  const reason = said?.isolationEvidence ?? 'no reason given';
  const remedy = said?.isolationRemedy ?? null;
  if (said?.isolation === 'broken') return fail('ISOLATED', `isolation of ${sandboxId} is broken: ${reason}`, remedy);
  const found = await agent.inspection.dialNeighbours(sandboxId, signal);
  if (found.kind === 'dialled' && found.reached.length > 0) {
    const evidence = `${sandboxId} reaches ${found.reached.join(', ')} of its neighbours past the proxy`;
    return fail('ISOLATED', evidence, 'start the agent again, which sets its rules anew, and see what removed them');
  }
  if (said?.isolation === 'advisory') {
    return skipped('ISOLATED', `isolation of ${sandboxId} is advisory: ${reason}`, remedy);
  }
  if (found.kind === 'unseen') return skipped('ISOLATED', `not tried from ${sandboxId}: ${found.reason}`);
  if (found.dialled === 0) return skipped('ISOLATED', `${sandboxId} has no neighbour on this host to dial`);
  return pass('ISOLATED', `${sandboxId} reaches none of ${found.dialled} addresses of its neighbours directly`);
}
