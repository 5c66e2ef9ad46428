import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import type { SelectorVerdict } from '#libs/policy/model.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import type { ChecksRequest, DiagnosedAgent } from './diagnosed-agent.js';

type Deciding = Pick<DiagnosedAgent, 'view' | 'now'>;

/** What the policy held here says to the question; null: none is held. */
export function decide(
  { view: viewOf, now }: Deciding,
  { networkId, from, alias, port }: ChecksRequest,
): SelectorVerdict | null {
  const view = viewOf(networkId);
  return view === null ? null : evaluateSelector(view, parseSelector(from, 'from'), alias, port, now().getTime());
}

/** Whether the policy held here allows it. */
export function checkPolicy(agent: Deciding, request: ChecksRequest): Check {
  const view = agent.view(request.networkId);
  const verdict = decide(agent, request);
  if (view === null || verdict === null) return fail('POLICY', 'this agent holds no policy of this network', null);
  const evidence = describeVerdict(verdict, `${request.from} to ${request.alias}:${request.port}`);
  if (verdict.effect === 'allow') return pass('POLICY', evidence);
  return fail('POLICY', evidence, policyRemedy(view, request, verdict));
}

/** A verdict in words, about a question in words. */
export function describeVerdict(
  { effect, reason, ruleId, version, members }: SelectorVerdict,
  question: string,
): string {
  if (effect === 'mixed') {
    const denied = members.filter(({ verdict }) => verdict.effect === 'deny').length;
    return `${question}: ${denied} of ${members.length} sources are denied, by version ${version}`;
  }
  return `${question}: ${reason}${ruleId === null ? '' : ` by ${ruleId}`}, by version ${version}`;
}
