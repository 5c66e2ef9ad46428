import { expect } from 'chai';
import { parseAgentId, parseSandboxId } from '#libs/contracts/ids.js';
import type { ProbeOutcome } from '#libs/data-plane/data-plane.js';
import { checkPeerReached } from '#libs/data-plane/diagnostics/peer-reached.js';
import type { FlowSource } from '#libs/policy/model.js';

const hostA = parseAgentId('host-a', 'agent');
const agentId = parseAgentId('host-b', 'agent');
const source = (id: string): FlowSource => ({ kind: 'sandbox', sandboxId: parseSandboxId(id, 'sandbox') });
const web = source('sbx-web');

const refusedHere = (code: string): ProbeOutcome => ({ kind: 'refused here', code });
const refusedThere = (code: string): ProbeOutcome => ({
  ...{ kind: 'refused there', agentId, code, message: 'its words', version: 7 },
});
const unreachable = (code: string, remedy: string | null = null): ProbeOutcome => ({
  ...{ kind: 'unreachable', agentId, code, message: 'its words', remedy },
});

function check(
  outcome: (source: FlowSource) => ProbeOutcome,
  sources: readonly FlowSource[],
  endpoints: string[] = [],
) {
  let nowMs = 0;
  const monotonicMs = () => {
    nowMs += 3;
    return nowMs;
  };
  return checkPeerReached(
    { network: 'dev', self: hostA, monotonicMs, probe: async (each) => outcome(each), endpointsOf: () => endpoints },
    sources,
  );
}

describe('what a probe of the live path shows', () => {
  const rows: readonly (readonly [string, ProbeOutcome, string, RegExp, RegExp | null, string[]?])[] = [
    [
      'taken',
      { kind: 'taken', agentId, version: 7 },
      'pass',
      /agent host-b would accept a connection from sbx-web.*, after 3 ms$/,
      null,
    ],
    ['taken here', { kind: 'taken', agentId: hostA, version: 7 }, 'pass', /this agent would accept/, null],
    ['denied here', refusedHere('DEFAULT_DENY'), 'skipped', /nothing was sent.*DEFAULT_DENY/, null],
    ['at its limit here', refusedHere('FLOW_LIMIT'), 'fail', /this agent refuses .*: FLOW_LIMIT/, /FLOWS_PER_SANDBOX/],
    ['out of contact here', refusedHere('STALE'), 'fail', /STALE/, /gstacks agent list/],
    ['without a mesh', refusedHere('MESH_NOT_CONFIGURED'), 'fail', /MESH_NOT_CONFIGURED/, /gstacks mesh doctor/],
    ['not here', refusedHere('SOURCE_NOT_HERE'), 'fail', /SOURCE_NOT_HERE/, /gstacks sandbox list/],
    ['denied there', refusedThere('DEFAULT_DENY'), 'fail', /agent host-b refuses.*DEFAULT_DENY/, /network status dev/],
    ['not held there', refusedThere('NETWORK_UNKNOWN'), 'fail', /NETWORK_UNKNOWN/, /network status dev/],
    ['at its limit there', refusedThere('FLOW_LIMIT'), 'fail', /FLOW_LIMIT \(its words\)/, /FLOWS_PER_SANDBOX/],
    ['with a code of its own', refusedThere('OTHER'), 'fail', /OTHER/, /log/],
    [
      'not reached',
      unreachable('PEER_UNREACHABLE', 'try this'),
      'fail',
      /10\.0\.0\.2:7.*its words/,
      /try this/,
      ['10.0.0.2:7'],
    ],
    ['not reached, nobody knows why', unreachable('PEER_LOST'), 'fail', /PEER_LOST/, /gstacks agent list/],
    ['silent', unreachable('CONNECT_TIMEOUT'), 'fail', /CONNECT_TIMEOUT/, /drops its packets/],
    ['at 0.0.0.0', unreachable('PEER_UNREACHABLE', 'no'), 'fail', /0\.0\.0\.0:7/, /DIRECT_ADVERTISE/, ['0.0.0.0:7']],
    ['at [::]', unreachable('PEER_UNREACHABLE', 'no'), 'fail', /\[::\]:7/, /DIRECT_ADVERTISE/, ['[::]:7']],
    [
      'at an address besides',
      unreachable('PEER_LOST', 'yes'),
      'fail',
      /0\.0\.0\.0/,
      /yes/,
      ['0.0.0.0:7', '10.0.0.2:7'],
    ],
    [
      'older than probes',
      { kind: 'not known there', agentId, remedy: 'update' },
      'unknown',
      /earlier release/,
      /update/,
    ],
  ];
  for (const [what, outcome, status, evidence, remedy, endpoints] of rows) {
    it(`${what}: ${status}`, async () => {
      const found = await check(() => outcome, [web], endpoints);
      expect(found).to.include({ code: 'PEER_REACHED', status });
      expect(found.evidence).to.match(evidence);
      if (remedy === null) expect(found.remedy).to.equal(null);
      else expect(found.remedy).to.match(remedy);
    });
  }

  it('no source of this host: skipped', async () => {
    expect(await check(() => refusedHere('FLOW_LIMIT'), [])).to.include({ status: 'skipped' });
  });

  it('of several sources the worst speaks, and those not tried are counted', async () => {
    const sources = Array.from({ length: 11 }, (_, index) => source(`sbx-${index}`));
    const tried: FlowSource[] = [];
    const found = await check((each) => {
      tried.push(each);
      if (each === sources[2]) return refusedHere('DEFAULT_DENY');
      return each === sources[5] ? refusedThere('FLOW_LIMIT') : { kind: 'taken', agentId, version: 7 };
    }, sources);
    expect(tried).to.deep.equal(sources.slice(0, 8));
    expect(found).to.include({ status: 'fail' });
    expect(found.evidence).to.match(/^3 more sources were not tried; .*sbx-5/);
  });

  it('sources that are denied hide none that would be carried', async () => {
    const found = await check(
      (each) => (each === web ? { kind: 'taken', agentId, version: 7 } : refusedHere('EXPLICIT_DENY')),
      [source('sbx-other'), web],
    );
    expect(found).to.include({ status: 'pass' });
  });
});
