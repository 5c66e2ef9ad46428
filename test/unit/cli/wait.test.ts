import { expect } from 'chai';
import { claimOf, proofOf, proofOfUnchanged } from '#apps/cli/wait.js';

const synced = { agentId: 'host-a', status: 'SYNCED', appliedVersion: 7, reason: null } as const;
const behind = { agentId: 'host-b', status: 'OFFLINE', appliedVersion: 6, reason: 'no heartbeat for 20 s' } as const;

describe('cli: what --wait says', () => {
  const applied = { confirmed: 2, expected: 2, elapsedMs: 41, flowsCut: 3, supersededBy: null, agents: [synced] };

  it('says who applied it, how fast, and how many connections were cut', () => {
    expect(proofOf(applied)).to.deep.equal({
      lines: ['applied by 2/2 agents in 41 ms; 3 open connections cut'],
      exitCode: 0,
    });
  });

  for (const [count, words] of [
    [0, '0 open connections cut'],
    [1, '1 open connection cut'],
  ] as const) {
    it(`says ${words}`, () => expect(proofOf({ ...applied, flowsCut: count }).lines[0]).to.contain(words));
  }

  it('names each agent that did not apply it, and is not satisfied', () => {
    const proof = proofOf({ ...applied, confirmed: 1, agents: [synced, behind] });
    expect(proof.exitCode).to.equal(5);
    expect(proof.lines).to.deep.equal([
      'applied by 1/2 agents in 41 ms; 3 open connections cut',
      'host-b: OFFLINE, at version 6: no heartbeat for 20 s',
    ]);
  });

  it('does not take a later version for this one', () => {
    expect(proofOf({ ...applied, supersededBy: 9 })).to.deep.equal({ lines: ['superseded by 9'], exitCode: 5 });
  });

  it('has nothing to wait for where no agent takes part', () => {
    expect(proofOf({ ...applied, confirmed: 0, expected: 0, agents: [] }).exitCode).to.equal(0);
  });
});

describe('cli: what --wait says of a write that found it so', () => {
  const held = { confirmed: 2, expected: 2, elapsedMs: 7, flowsCut: 0, supersededBy: null, agents: [synced] };
  const claim = 'already so since version 12';

  it('says since when, without a wait too; of a write that wrote something nothing', () => {
    expect(claimOf({ changed: false, unchangedSince: 12 })).to.equal(claim);
    expect(claimOf({ changed: false, unchangedSince: null })).to.equal('already so');
    expect(claimOf({ changed: true, unchangedSince: null })).to.equal(null);
  });

  for (const { says, answer, lines, exitCode } of [
    { says: 'who follows it', answer: held, lines: [`${claim}; proven by 2/2 agents`], exitCode: 0 },
    {
      says: 'no cuts, whatever the answer holds',
      answer: { ...held, flowsCut: 3 },
      lines: [`${claim}; proven by 2/2 agents`],
      exitCode: 0,
    },
    {
      says: 'who is not known to follow it',
      answer: { ...held, confirmed: 1, agents: [synced, behind] },
      lines: [`${claim}; proven by 1/2 agents`, 'host-b: OFFLINE, at version 6: no heartbeat for 20 s'],
      exitCode: 5,
    },
    {
      says: 'that an agent went past it',
      answer: { ...held, supersededBy: 9 },
      lines: [`${claim}; superseded by 9`],
      exitCode: 5,
    },
  ]) {
    it(`says ${says}`, () => expect(proofOfUnchanged(claim, answer)).to.deep.equal({ lines, exitCode }));
  }
});
