import { expect } from 'chai';
import { parseAliasName, parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';

const view = () =>
  networkView({
    version: 1,
    sandboxes: { 'sbx-web': 'host-a' },
    aliases: { api: { sandbox: 'sbx-web', ports: [80] } },
    allow: ['any api 80'],
  });
const web: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') };
const user = (number: number): FlowSource => ({
  kind: 'local',
  user: parseUserName(`u${number}`, 'user'),
  node: parseLocalNodeId('n1', 'node'),
});
const api = parseAliasName('api', 'alias');

describe('the verdicts kept for a view', () => {
  it('are none for sandboxes, aliases and ports that a peer invents', () => {
    const asked = view();
    for (let number = 0; number < 100; number += 1) {
      const invented: FlowSource = { kind: 'sandbox', sandboxId: parseSandboxId(`sbx-${number}`, 'sandbox') };
      evaluate(asked, { source: invented, alias: api, port: 80 }, TEST_TIME_MS);
      evaluate(asked, { source: web, alias: parseAliasName(`a${number}`, 'alias'), port: 80 }, TEST_TIME_MS);
      evaluate(asked, { source: web, alias: api, port: 1000 + number }, TEST_TIME_MS);
    }
    expect([policyIndex(asked).verdicts.size, policyIndex(asked).selectors.size]).to.deep.equal([0, 1]);
  });

  it('are ten thousand at most, and those past them are worked out as well', () => {
    const asked = view();
    for (let number = 0; number < 10_010; number += 1) {
      const { reason } = evaluate(asked, { source: user(number), alias: api, port: 80 }, TEST_TIME_MS);
      expect(reason).to.equal('DEFAULT_DENY');
    }
    expect(policyIndex(asked).verdicts.size).to.equal(10_000);
    expect(evaluate(asked, { source: web, alias: api, port: 80 }, TEST_TIME_MS).reason).to.equal('ALLOWED');
  });

  it('are given again as they were', () => {
    const asked = view();
    const question = { source: web, alias: api, port: 80 };
    expect(evaluate(asked, question, TEST_TIME_MS)).to.equal(evaluate(asked, question, TEST_TIME_MS));
  });
});
