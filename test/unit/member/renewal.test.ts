import { expect } from 'chai';
import { Renewal, renewalTime } from '#libs/member/renewal.js';
import { waitFor } from '#test/support/wait.js';

const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));
const credentials = (issued: number, expires: number) => ({ issuedAt: at(issued), expiresAt: at(expires) });
type Lifetime = ReturnType<typeof credentials>;

const PACE = { lookEveryMs: 10_000, firstRetryMs: 1, longestRetryMs: 5 };

interface Run {
  readonly renewal: Renewal<Lifetime>;
  readonly asked: string[];
  readonly failed: unknown[];
  readonly renewed: Lifetime[];
}

function run(
  now: Date,
  renew: () => Promise<Lifetime>,
  whenFailed: 'try again' | 'give up' = 'try again',
  pace = PACE,
): Run {
  const asked: string[] = [];
  const failed: unknown[] = [];
  const renewed: Lifetime[] = [];
  const renewal = new Renewal(credentials(0, 60), pace, {
    renew: (current) => {
      asked.push(current.expiresAt.toISOString());
      return renew();
    },
    renewed: async (found) => void renewed.push(found),
    failed: (error) => {
      failed.push(error);
      return whenFailed;
    },
    now: () => now,
  });
  return { renewal, asked, failed, renewed };
}

describe('the renewal of credentials', () => {
  it('is due half way to their end', () => {
    expect(renewalTime(credentials(0, 60))).to.deep.equal(at(30));
  });

  it('waits until then, and no longer', async () => {
    const early = run(at(29), async () => credentials(29, 89));
    await early.renewal.close();
    expect(early.asked).to.deep.equal([]);
    const due = run(at(30), async () => credentials(30, 90));
    await waitFor('asked', () => due.asked.length === 1);
    await due.renewal.close();
    expect(due.asked).to.deep.equal([at(60).toISOString()]);
  });

  it('comes early when it is asked for', async () => {
    const { renewal, asked } = run(at(1), async () => credentials(1, 61));
    renewal.now();
    await waitFor('asked', () => asked.length === 1);
    await renewal.close();
    expect(asked).to.have.length(1);
  });

  it('that fails is told, and tried again until it succeeds, also when it came early', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve(credentials(1, 61))];
    const { renewal, failed, renewed } = run(at(1), () => answers.shift() ?? Promise.reject(new Error('once more')));
    renewal.now();
    await waitFor('renewed', () => renewed.length === 1);
    await renewal.close();
    expect(failed).to.have.length(1);
    expect(renewed).to.deep.equal([credentials(1, 61)]);
  });

  it('is tried at once when it is asked for while the next try is far off', async () => {
    const pace = { ...PACE, firstRetryMs: 60_000, longestRetryMs: 60_000 };
    const answers = [Promise.reject(new Error('away')), Promise.resolve(credentials(1, 61))];
    const next = () => answers.shift() ?? Promise.reject(new Error('once more'));
    const { renewal, failed, renewed } = run(at(1), next, 'try again', pace);
    renewal.now();
    await waitFor('told', () => failed.length === 1);
    renewal.now();
    await waitFor('renewed', () => renewed.length === 1);
    await renewal.close();
  });

  it('ends when a failure says that no other attempt helps', async () => {
    const { renewal, asked, failed } = run(at(30), () => Promise.reject(new Error('no')), 'give up');
    await waitFor('told', () => failed.length === 1);
    renewal.now();
    await renewal.close();
    expect(asked).to.have.length(1);
  });
});
