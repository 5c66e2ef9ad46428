import { expect } from 'chai';
import { parseAliasName, parseFlowId, parseNetworkId, parseRuleId, parseSandboxId } from '#libs/contracts/ids.js';
import type { FlowRecord } from '#libs/data-plane/data-plane.js';
import { FlowLog } from '#libs/data-plane/flows/flow-log.js';
import { waitFor } from '#test/support/wait.js';

const PERIOD_MS = 50;
const network = (digit: string) => parseNetworkId(digit.repeat(5), 'network');

function flow(changes: Partial<FlowRecord> = {}): FlowRecord {
  return {
    flowId: parseFlowId('ab'.repeat(16), 'flow id'),
    role: 'source',
    networkId: network('1'),
    alias: parseAliasName('api', 'alias'),
    port: 8_080,
    source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
    state: 'opening',
    bytesToTarget: 0,
    bytesToSource: 0,
    openedAt: '2026-01-01T00:00:00.000Z',
    outcome: 'refused',
    code: 'DEFAULT_DENY',
    verdict: null,
    ...changes,
  };
}

describe('the flow log', () => {
  let details: FlowRecord[];
  let refused: FlowRecord[];
  let more: string[];
  let log: FlowLog;

  beforeEach(() => {
    details = [];
    refused = [];
    more = [];
    log = new FlowLog(
      {
        detail: (record) => details.push(record),
        refused: (record) => refused.push(record),
        moreRefused: (networkId, code, count) => more.push(`${networkId?.slice(0, 5) ?? 'unknown'} ${code} ${count}`),
      },
      PERIOD_MS,
    );
  });

  it('has every flow that is not refused in detail only', () => {
    for (const outcome of ['opened', 'ended', 'cut', 'reset'] as const) log.record(flow({ outcome }));
    expect(details).to.have.length(4);
    expect(refused).to.deep.equal([]);
  });

  it('tells one refusal of a network for each reason, and at the end of the period how many more there were', async () => {
    for (let count = 0; count < 1_000; count += 1) log.record(flow());
    for (let count = 0; count < 3; count += 1) log.record(flow({ networkId: network('2') }));
    log.record(flow({ code: 'FLOW_LIMIT' }));
    expect(refused.map(({ networkId, code }) => `${networkId.slice(0, 5)} ${code}`)).to.deep.equal([
      '11111 DEFAULT_DENY',
      '22222 DEFAULT_DENY',
      '11111 FLOW_LIMIT',
    ]);
    await waitFor('the summary', () => more.length > 0);
    expect(more).to.deep.equal(['11111 DEFAULT_DENY 999', '22222 DEFAULT_DENY 2']);
    log.record(flow());
    expect(refused).to.have.length(4);
  });

  it('counts networks that are not known here as one: a peer may name any', () => {
    for (const digit of ['1', '2', '3', '4']) log.record(flow({ networkId: network(digit), code: 'NETWORK_UNKNOWN' }));
    log.close();
    expect(refused).to.have.length(1);
    expect(more).to.deep.equal(['unknown NETWORK_UNKNOWN 3']);
  });

  it('leaves near misses to the detail', () => {
    const nearMiss = { ruleId: parseRuleId('rule-4f9c21ab', 'rule'), missed: 'port' } as const;
    const verdict = {
      effect: 'deny',
      reason: 'DEFAULT_DENY',
      ruleId: null,
      nearMisses: [nearMiss],
      version: 7,
    } as const;
    const denied = flow({ verdict });
    log.record(denied);
    log.record(denied);
    expect(refused.map((record) => record.verdict?.nearMisses)).to.deep.equal([[]]);
    expect(details.map((record) => record.verdict?.nearMisses)).to.deep.equal([[nearMiss]]);
  });
});
