import { expect } from 'chai';
import type { AgentProcess } from './agent-process.js';
import type { FakeControlPlane } from './fake-control-plane.js';
import { waitFor } from './wait.js';

const MENDED_WITHIN_MS = 60_000;

/**
 * Expects an agent to detect what `meddle` does to its rules, to report it in its log and its inventory, and to restore
 * the rules as `rules` showed them before. Resolves while isolation is still reported as broken.
 */
export async function expectMended(
  agent: AgentProcess,
  plane: FakeControlPlane,
  rules: () => Promise<string>,
  meddle: () => Promise<unknown>,
): Promise<void> {
  const loaded = stateless(await rules());
  const from = agent.log.length;
  const begun = performance.now();
  await meddle();
  const broken = await waitFor(
    'isolation is reported as broken',
    () => plane.inventoryOf(agent.id)?.sandboxes.find(({ isolation }) => isolation === 'broken'),
    MENDED_WITHIN_MS,
  );
  expect(broken.isolationEvidence).to.match(/^LINK_RULES_CHANGED: .*loaded it again/);
  expect(broken.isolationRemedy).to.contain('flush ruleset');
  expect(await agent.logged('sandbox driver failed', from)).to.deep.include({ code: 'LINK_RULES_CHANGED' });
  await waitFor('the rules are as before', async () => stateless(await rules()) === loaded);
  expect(performance.now() - begun).to.be.lessThan(MENDED_WITHIN_MS);
}

/** Without packet counters and elements that packets add to sets; a set is listed in any order. */
function stateless(listing: string): string {
  const rules = listing
    .replaceAll(/counter packets \d+ bytes \d+/g, 'counter')
    .replaceAll(/(flags dynamic,timeout\s+timeout \S+\s+)elements = \{[^}]*\}/g, '$1');
  return rules
    .split(/[\s,]+/)
    .toSorted()
    .join(' ');
}
