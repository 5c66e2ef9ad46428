import { type PrintedPolicyTest, policyTestText } from '#libs/contracts/policy-tests.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { NetworkView, PolicyTest, Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { BEFORE_ANY_END } from '#libs/policy/rule-ends.js';
import { DomainError, type Warning } from '../decision.js';
import type { NetworkCommandKind, NetworkCommandOf, NetworkDecision } from './commands.js';
import { NetworkLimitError, PolicyTestBrokenError, PolicyTestFailsError, PolicyTestNotFoundError } from './refusals.js';
import { evolveNetworkThrough } from './state.js';

/** A test that fails now is refused: it could not be broken, and would keep nothing. */
export function addPolicyTest(
  { kind: _kind, testId, ...said }: NetworkCommandOf<'AddPolicyTest'>,
  network: Topology,
): NetworkDecision<'AddPolicyTest'> {
  const test: PolicyTest = { id: testId, ...said };
  const identical = [...network.policyTests.values()].find((other) => textOf(other) === textOf(test));
  if (identical !== undefined) {
    return { events: [], result: printPolicyTest(identical), warnings: [], unchangedSince: identical.since };
  }
  const effect = effectNow(network, test);
  if (effect !== test.effect) return new PolicyTestFailsError(network, test, effect);
  if (network.policyTests.size >= NETWORK_LIMITS.policyTests) {
    return new NetworkLimitError(network, 'policy tests', NETWORK_LIMITS.policyTests);
  }
  const { id: _id, ...data } = printPolicyTest(test);
  return {
    events: [{ type: 'PolicyTestAdded', data: { testId, ...data } }],
    result: printPolicyTest(test),
    warnings: [],
    unchangedSince: null,
  };
}

export function removePolicyTest(
  { testId }: NetworkCommandOf<'RemovePolicyTest'>,
  network: Topology,
): NetworkDecision<'RemovePolicyTest'> {
  const test = network.policyTests.get(testId);
  if (test === undefined) return new PolicyTestNotFoundError(network, testId);
  return {
    events: [{ type: 'PolicyTestRemoved', data: { testId } }],
    result: printPolicyTest(test),
    warnings: [],
    unchangedSince: null,
  };
}

/** What copies a sandbox's own stream, cuts the network off or ends it is not asked. */
const NOT_TESTED: ReadonlySet<NetworkCommandKind> = new Set([
  'DeleteNetwork',
  'QuarantineNetwork',
  'LiftQuarantine',
  'ChangePlacement',
  'ChangeLabels',
  'ExpireRules',
]);

/**
 * A decision that breaks none of the network's tests, or POLICY_TEST_BROKEN. A test is broken when it holds before and
 * fails after. `isOverridden`: it is written all the same, and an event beside it names the tests.
 */
export function keepingTests<Kind extends NetworkCommandKind>(
  kind: Kind,
  decision: NetworkDecision<Kind>,
  network: Topology | null,
  isOverridden: boolean,
): NetworkDecision<Kind> {
  if (decision instanceof DomainError || network === null || NOT_TESTED.has(kind)) return decision;
  if (decision.events.length === 0 || network.policyTests.size === 0) return decision;
  const after = evolveNetworkThrough(network, decision.events) ?? network;
  const kept = sortedBy(network.policyTests.values(), ({ id }) => id).filter(({ id }) => after.policyTests.has(id));
  const broken = kept.filter((test) => holds(network, test) && !holds(after, test));
  if (broken.length === 0) return decision;
  if (!isOverridden) return new PolicyTestBrokenError(network, broken);
  const warnings = broken.map(
    (test): Warning => ({
      code: 'POLICY_TEST_OVERRIDDEN',
      message: `${test.id} fails from now on: ${textOf(test)}`,
    }),
  );
  return {
    ...decision,
    events: [...decision.events, { type: 'PolicyTestsOverridden', data: { testIds: broken.map(({ id }) => id) } }],
    warnings: [...decision.warnings, ...warnings],
  };
}

/** Whether the verdict is what the test says, by all rules of the version: one with an end counts until it is off. */
export function holds(view: NetworkView, test: PolicyTest): boolean {
  return effectNow(view, test) === test.effect;
}

/** Drops whatever else the test carries. */
export function printPolicyTest({ id, from, to, port, effect }: PolicyTest): PrintedPolicyTest {
  return { id, from: formatSelector(from), to, port, effect };
}

function effectNow(view: NetworkView, { from, to, port }: PolicyTest) {
  return evaluateSelector(view, from, to, port, BEFORE_ANY_END).effect;
}

function textOf(test: PolicyTest): string {
  return policyTestText(printPolicyTest(test));
}
