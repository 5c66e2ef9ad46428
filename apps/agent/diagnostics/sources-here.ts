import type { NetworkId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { sourcesOf } from '#libs/policy/selector-match.js';
import type { DiagnosedAgent } from './diagnosed-agent.js';

export type Sources = ReturnType<typeof sourcesOf>;

/** The sandboxes of this host that the selector matches. */
export function sourcesHere(
  agent: DiagnosedAgent,
  { networkId, from }: { readonly networkId: NetworkId; readonly from: string },
): Sources {
  const view = agent.view(networkId);
  if (view === null) return [];
  return sourcesOf(view, parseSelector(from, 'from')).filter(
    ({ sandboxId }) => view.sandboxes.get(sandboxId)?.agentId === agent.agentId,
  );
}
