import { expect } from 'chai';
import { openFlows } from '#apps/agent/diagnostics/open-flows.js';
import {
  parseAliasName,
  parseFlowId,
  parseLocalNodeId,
  parseNetworkId,
  parseSandboxId,
  parseUserName,
} from '#libs/contracts/ids.js';
import type { FlowSummary } from '#libs/data-plane/data-plane.js';
import { networkView, TEST_NETWORK, TEST_TIME_MS } from '#test/support/network-view.js';

const view = networkView({
  version: 3,
  sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
  aliases: { api: { sandbox: 'sbx-api', ports: [8080, 9090] } },
  allow: ['sandbox:sbx-web api 8080'],
});

let flows = 0;
function flow(change: Partial<FlowSummary> = {}): FlowSummary {
  flows += 1;
  return {
    flowId: parseFlowId(String(flows).padStart(32, '0'), 'flow'),
    role: 'source',
    networkId: TEST_NETWORK,
    alias: parseAliasName('api', 'alias'),
    port: 8080,
    source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
    state: 'open',
    bytesToTarget: 1,
    bytesToSource: 2,
    openedAt: '2026-01-02T03:04:05.000Z',
    ...change,
  };
}

describe('open flows of an agent', () => {
  it('are counted by source, alias, port and end, with the rule that lets them through', () => {
    const local = {
      kind: 'local',
      user: parseUserName('ada', 'user'),
      node: parseLocalNodeId('laptop-0a1b2c3d4e', 'node'),
    } as const;
    const { pairs, leftOut } = openFlows(
      [
        flow(),
        flow({ openedAt: '2026-01-02T03:00:00.000Z' }),
        flow({ role: 'target' }),
        flow({ port: 9090 }),
        flow({ source: local, role: 'target' }),
        flow({ source: null }),
        flow({ state: 'opening' }),
        flow({ networkId: parseNetworkId('0d60', 'network') }),
      ],
      TEST_NETWORK,
      view,
      TEST_TIME_MS,
    );
    const told = pairs.map(({ from, port, end, open, bytesToTarget, bytesToSource, ruleId }) => [
      `${from} ${port} ${end} ${open}`,
      ...[bytesToTarget, bytesToSource, ruleId],
    ]);
    expect(told).to.deep.equal([
      ['sandbox:sbx-web 8080 source 2', 2, 4, 'rule-0000'],
      ['sandbox:sbx-web 8080 target 1', 1, 2, 'rule-0000'],
      ['sandbox:sbx-web 9090 source 1', 1, 2, null],
      ['local:ada 8080 target 1', 1, 2, null],
    ]);
    expect([pairs[0]?.oldestOpenedAt, leftOut]).to.deep.equal(['2026-01-02T03:00:00.000Z', 0]);
  });

  it('are bounded, and the pairs left out are counted', () => {
    const many = Array.from({ length: 2_003 }, (_, port) => flow({ port: port + 1 }));
    const { pairs, leftOut } = openFlows([...many, flow({ port: 9 })], TEST_NETWORK, view, TEST_TIME_MS);
    expect([pairs.length, leftOut, pairs[0]?.port]).to.deep.equal([2_000, 3, 9]);
  });
});
