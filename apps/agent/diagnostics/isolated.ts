import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { worst } from '#libs/data-plane/diagnostics/worst-check.js';
import { judgeDials } from '../sandboxes/inspection/judged-dials.js';
import { MOST_LOOKED_INTO } from './agent-dns.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';

/**
 * Checks that the sources cannot reach their neighbours or other services of the host, by dials that must fail and by
 * the driver's report.
 */
export async function checkIsolated(
  agent: DiagnosedAgent,
  sources: readonly { readonly sandboxId: SandboxId }[],
  signal: AbortSignal,
): Promise<Check> {
  const here = sources.filter(({ sandboxId }) => agent.sandboxes.addressOf(sandboxId) !== null);
  if (here.length === 0) return skipped('ISOLATED', 'the selector matches no sandbox on this host');
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
  const judged = judgeDials(sandboxId, await agent.dialForbidden(sandboxId, signal));
  if (judged.kind === 'reached') return fail('ISOLATED', judged.evidence, judged.remedy);
  if (said?.isolation === 'advisory') {
    return skipped('ISOLATED', `isolation of ${sandboxId} is advisory: ${reason}`, remedy);
  }
  return judged.kind === 'kept apart' ? pass('ISOLATED', judged.evidence) : skipped('ISOLATED', judged.evidence);
}
