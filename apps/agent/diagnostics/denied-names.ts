import { type DeniedNamesReply, MOST_DENIED } from '#libs/contracts/bus/to-member/denied-names.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';

/** What this host's sandboxes in a network were recently refused, by DNS and by connection. */
export async function deniedNames(
  agent: Pick<DiagnosedAgent, 'egress' | 'view' | 'agentId'>,
  networkId: NetworkId,
): Promise<Pick<DeniedNamesReply, 'denied' | 'leftOut'>> {
  const attached = agent.view(networkId)?.sandboxes;
  const denied = await agent.egress.deniedOf((sandboxId) => attached?.has(sandboxId) ?? false);
  return {
    denied: denied
      .slice(0, MOST_DENIED)
      .map(({ lastAtMs, ...denial }) => ({ ...denial, lastAt: new Date(lastAtMs).toISOString() })),
    leftOut: Math.max(0, denied.length - MOST_DENIED),
  };
}
