import { expect } from 'chai';
import { Turns } from '#libs/async/turns.js';

describe('turns', () => {
  it('run one piece of work after the other, in order, and give back what each gives', async () => {
    const turns = new Turns();
    const steps: string[] = [];
    const work = (name: string) => async () => {
      steps.push(`${name} begins`);
      await undefined;
      steps.push(`${name} ends`);
      return name;
    };
    const given = await Promise.all(['a', 'b', 'c'].map((name) => turns.take(work(name))));
    expect(given).to.deep.equal(['a', 'b', 'c']);
    expect(steps).to.deep.equal(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  });

  it('fail as their work does, and go on with the next', async () => {
    const turns = new Turns();
    const failed = turns.take(() => Promise.reject(new Error('no room'))).catch((error: unknown) => String(error));
    const next = turns.take(async () => 'next');
    expect(await Promise.all([failed, next])).to.deep.equal(['Error: no room', 'next']);
  });

  it('are idle when all that was given has ended, also what failed', async () => {
    const turns = new Turns();
    await turns.idle();
    let hasEnded = false;
    void turns.take(() => Promise.reject(new Error('no room'))).catch(() => {});
    void turns.take(async () => {
      await undefined;
      hasEnded = true;
    });
    await turns.idle();
    expect(hasEnded).to.equal(true);
  });
});
