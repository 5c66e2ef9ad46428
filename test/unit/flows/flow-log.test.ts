import { expect } from 'chai';
import { MAX_REFUSED_FLOWS, parseRefusedFlows } from '#libs/contracts/bus/from-member/refused-flows.js';
import { parseAliasName, parseFlowId, parseNetworkId, parseRuleId, parseSandboxId } from '#libs/contracts/ids.js';
import type { FlowRecord } from '#libs/data-plane/data-plane.js';
import { FlowLog } from '#libs/data-plane/flows/flow-log.js';
import { RefusalCounts } from '#libs/data-plane/flows/refusal-counts.js';
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

describe('the counts of refused flows', () => {
  it('are by network and reason, of refusals only', () => {
    const counts = new RefusalCounts();
    for (let times = 0; times < 3; times += 1) counts.record(flow());
    counts.record(flow({ code: 'FLOW_LIMIT' }));
    counts.record(flow({ networkId: network('2') }));
    for (const outcome of ['opened', 'ended', 'cut', 'reset'] as const) counts.record(flow({ outcome }));
    expect(counts.all()).to.deep.equal([
      { networkId: network('1'), code: 'DEFAULT_DENY', count: 3 },
      { networkId: network('1'), code: 'FLOW_LIMIT', count: 1 },
      { networkId: network('2'), code: 'DEFAULT_DENY', count: 1 },
    ]);
  });

  it('stay within what one message may say, and leave out networks that only a peer names', () => {
    const counts = new RefusalCounts();
    for (let index = 0; index < 10_000; index += 1) {
      const networkId = parseNetworkId(index.toString(16), 'network');
      counts.record(flow({ networkId, code: 'NETWORK_UNKNOWN' }));
      if (index % 2 === 0) counts.record(flow({ networkId }));
    }
    const said = counts.all();
    expect(said).to.have.length(MAX_REFUSED_FLOWS);
    expect(parseRefusedFlows(said, 'refusedFlows')).to.deep.equal(said);
    expect(said.some(({ code }) => code === 'NETWORK_UNKNOWN')).to.equal(false);
  });
});

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

  it('says that a refusal came without a verdict', () => {
    log.record(flow({ code: 'FLOW_LIMIT', verdict: null }));
    expect(refused.map(({ verdict }) => verdict)).to.deep.equal([null]);
  });
});
