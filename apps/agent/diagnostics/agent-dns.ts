import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass, skipped, unknown } from '#libs/contracts/bus/checks.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { worst } from '#libs/data-plane/diagnostics/worst-check.js';
import type { NameLookup, NameLookups } from '../sandboxes/inspection/inspection.js';
import { type ChecksRequest, type DiagnosedAgent, recordOf } from './diagnosed-agent.js';

/** The most sandboxes that one check inspects: each inspection starts a process inside a sandbox. */
export const MOST_LOOKED_INTO = 4;

/** Checks that the sources get the agent's answer when they resolve the alias with their own resolver. */
export async function checkAgentDns(
  agent: DiagnosedAgent,
  request: ChecksRequest,
  sources: readonly { readonly sandboxId: SandboxId }[],
  signal: AbortSignal,
): Promise<Check> {
  const record = recordOf(agent, request);
  if (record === null)
    return skipped('USES_AGENT_DNS', `there is no record for ${request.alias} that could be queried`);
  const here = sources.filter(({ sandboxId }) => agent.sandboxes.addressOf(sandboxId) !== null);
  if (here.length === 0) return skipped('USES_AGENT_DNS', 'the selector matches no sandbox on this host');
  const checks = await Promise.all(
    here.slice(0, MOST_LOOKED_INTO).map(async ({ sandboxId }): Promise<Check> => {
      const found = await agent.inspection.lookUp(sandboxId, record.name, signal);
      if (found.kind === 'unseen') {
        return skipped('USES_AGENT_DNS', `the resolver that ${sandboxId} uses cannot be seen: ${found.reason}`);
      }
      return judge(sandboxId, record, found);
    }),
  );
  return worst(checks);
}

function judge(
  sandboxId: SandboxId,
  record: { readonly name: string; readonly address: string },
  { agentResolver, lookups }: NameLookups,
): Check {
  const isAnswered = ({ answer }: NameLookup) => Array.isArray(answer) && answer.includes(record.address);
  const good = lookups.find(isAnswered);
  const bad = lookups.filter((lookup) => !isAnswered(lookup));
  const told = bad.map((lookup) => describe(sandboxId, record.name, lookup)).join('; ');
  if (good !== undefined) {
    const others = told === '' ? '' : `; but ${told}`;
    return pass('USES_AGENT_DNS', `${describe(sandboxId, record.name, good)}${others}`);
  }
  const remedy = `set its resolver to ${agentResolver}, and restart what runs in ${sandboxId}`;
  if (told === '') return unknown('USES_AGENT_DNS', `no resolver of ${sandboxId} was found`, remedy);
  return fail('USES_AGENT_DNS', `${told}; the agent's own answer is ${record.address}`, remedy);
}

function describe(sandboxId: SandboxId, name: string, { who, servers, answer }: NameLookup): string {
  const answered = typeof answer === 'string' ? answer : answer.join(', ');
  return `${who} in ${sandboxId} asks ${servers.join(', ') || 'nobody'} for ${name}: ${answered}`;
}
