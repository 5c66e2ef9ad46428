import type { NetworkFlowsDto, OpenFlowsDto } from '#libs/contracts/http/flows.js';
import type { PreviewedCutsDto, PreviewedFlowsDto } from '#libs/contracts/http/previews.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { evaluateDestination } from '#libs/policy/evaluate-destination.js';
import type { Topology, Verdict } from '#libs/policy/model.js';
import type { PolicySource } from '#libs/policy/policy-source.js';

const MOST_PAIRS = 200;

/**
 * Which open connections a change would cut: those that are let through before it and not after it. Beside them those
 * to the same ports that stay. `after` null: the network would be gone.
 */
export function previewedCuts(
  flows: NetworkFlowsDto,
  before: Topology,
  after: Topology | null,
  nowMs: number,
  isAbout: (alias: string, port: number) => boolean,
): PreviewedCutsDto {
  const pairs = flows.pairs.flatMap((pair): PreviewedFlowsDto[] => {
    const isAllowed = verdictOn(pair, before, nowMs)?.effect === 'allow';
    const verdict = verdictOn(pair, after, nowMs);
    const isCut = verdict?.effect !== 'allow';
    if (!isAbout(pair.alias, pair.port) && !(isCut && isAllowed)) return [];
    return [{ ...pair, isCut, ruleId: verdict?.ruleId ?? null }];
  });
  const sum = (some: readonly OpenFlowsDto[]) => some.reduce((total, { open }) => total + open, 0);
  return {
    countedAt: flows.countedAt,
    cut: sum(pairs.filter(({ isCut }) => isCut)),
    kept: sum(pairs.filter(({ isCut }) => !isCut)),
    pairs: pairs.slice(0, MOST_PAIRS),
    leftOut: Math.max(0, pairs.length - MOST_PAIRS) + flows.leftOut,
    notKnown: flows.notKnown,
  };
}

/** null: there is no network, or no such source. */
function verdictOn({ from, alias, port }: OpenFlowsDto, topology: Topology | null, nowMs: number): Verdict | null {
  const source = sourceOf(from);
  if (topology === null || source === null) return null;
  return evaluateDestination(topology, source, parseDestinationName(alias, 'alias'), port, nowMs);
}

function sourceOf(from: string): PolicySource | null {
  const selector = parseSelector(from, 'from');
  if (selector.kind === 'sandbox') return selector;
  return selector.kind === 'local-user' ? { kind: 'local', user: selector.user } : null;
}
