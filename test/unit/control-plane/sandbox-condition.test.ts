import { expect } from 'chai';
import { NOT_KNOWN, sandboxCondition } from '#apps/control-plane/status/sandbox-condition.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import { AGENT_STATUSES } from '#libs/contracts/statuses.js';

const AT = new Date('2026-01-02T03:04:05.000Z');
const NOW = new Date('2026-01-02T03:07:15.500Z');
const said = {
  isolation: 'advisory',
  isolationEvidence: 'web is also on bridge',
  isolationRemedy: 'docker network disconnect bridge web',
  source: 'verified',
  dns: 'active',
  dnsRemedy: null,
} as const;
const report: SandboxReport = {
  ...said,
  ...{ sandboxId: parseSandboxId('sbx-api', 'sandbox'), address: '10.76.0.2' },
  ...{ namespace: null, container: null, paused: false },
};

describe('what is known of a sandbox', () => {
  it('is what its agent says while that is in contact', () => {
    const hearing = { status: 'ONLINE', lastContactAt: AT } as const;
    expect(sandboxCondition(report, hearing, NOW)).to.deep.equal({ ...said, lastKnown: null });
  });

  for (const status of AGENT_STATUSES.filter((each) => each !== 'ONLINE')) {
    it(`is nothing while its agent is ${status}; what that said last stands apart`, () => {
      expect(sandboxCondition(report, { status, lastContactAt: AT }, NOW)).to.deep.equal({
        ...NOT_KNOWN,
        lastKnown: { ...said, at: AT.toISOString(), secondsAgo: 190 },
      });
    });
  }

  it('is nothing where its agent never said anything', () => {
    expect(sandboxCondition(null, { status: 'ONLINE', lastContactAt: AT }, NOW)).to.deep.equal(NOT_KNOWN);
    expect(sandboxCondition(report, { status: 'UNKNOWN', lastContactAt: null }, NOW)).to.deep.equal(NOT_KNOWN);
  });
});
