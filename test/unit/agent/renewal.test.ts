import { expect } from 'chai';
import { type AgentCredentials, parseCredentials, renewalTime } from '#apps/agent/enrollment/credentials.js';
import { Renewal } from '#apps/agent/enrollment/renewal.js';
import { waitFor } from '#test/support/wait.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

function credentials(issued: number, expires: number): AgentCredentials {
  const texts = { busJwt: 'j', certificate: 'c', authority: 'a', snapshotPublicKey: 'k', storeId: 's' };
  const times = { issuedAt: at(issued).toISOString(), expiresAt: at(expires).toISOString() };
  return parseCredentials({ agentId: 'host-a', busServers: ['nats://x'], ...texts, ...times });
}

interface Run {
  readonly renewal: Renewal;
  readonly asked: string[];
  readonly failed: unknown[];
}

function run(now: Date, isCutOff: () => boolean, renew: () => Promise<AgentCredentials>): Run {
  const asked: string[] = [];
  const failed: unknown[] = [];
  const renewal = new Renewal(credentials(0, 60), {
    renew: (current) => {
      asked.push(current.expiresAt);
      return renew();
    },
    renewed: async () => {},
    failed: (error) => failed.push(error),
    now: () => now,
    isCutOff,
  });
  return { renewal, asked, failed };
}

describe('the renewal of credentials', () => {
  it('is due half way to their end', () => {
    expect(renewalTime(credentials(0, 60))).to.deep.equal(at(30));
  });

  it('waits until then, and no longer', async () => {
    const early = run(
      at(29),
      () => false,
      async () => credentials(29, 89),
    );
    await early.renewal.close();
    expect(early.asked).to.deep.equal([]);
    const due = run(
      at(30),
      () => false,
      async () => credentials(30, 90),
    );
    await waitFor('asked', () => due.asked.length === 1);
    await due.renewal.close();
    expect(due.asked).to.deep.equal([at(60).toISOString()]);
  });

  it('comes early to an agent that is cut off', async () => {
    let cutOff = true;
    const { renewal, asked } = run(
      at(1),
      () => cutOff,
      async () => {
        cutOff = false;
        return credentials(1, 61);
      },
    );
    await waitFor('asked', () => asked.length === 1);
    await renewal.close();
    expect(asked).to.have.length(1);
  });

  it('that fails is told, and the agent goes on', async () => {
    const { renewal, failed } = run(
      at(30),
      () => false,
      () => Promise.reject(new Error('away')),
    );
    await waitFor('told', () => failed.length === 1);
    await renewal.close();
  });
});
