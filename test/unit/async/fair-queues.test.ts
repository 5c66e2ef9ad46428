import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { FairQueues } from '#libs/async/fair-queues.js';

describe('fair queues', () => {
  const turn = (sender: string, kind = 'heartbeat', atOnce = 1) => ({ sender, subject: `${sender}.${kind}`, atOnce });
  const queues = () => new FairQueues(1_000);
  const spin = (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  };

  it('runs one task of each sender in turn, however many one of them has', async () => {
    const fair = queues();
    const ran: string[] = [];
    const add = (sender: string, kind?: string) => fair.add(turn(sender, kind), async () => void ran.push(sender));
    for (let count = 0; count < 1_000; count += 1) add('a');
    for (const kind of ['hello', 'heartbeat', 'sync']) add('b', kind);
    add('c');
    await fair.idle();
    expect(ran.slice(0, 6)).to.deep.equal(['a', 'b', 'c', 'a', 'b', 'a']);
    expect(ran).to.have.length(1_004);
  });

  it('lets the event loop go on between tasks', async () => {
    const fair = queues();
    for (let count = 0; count < 100; count += 1) fair.add(turn('a'), async () => spin(1));
    const gaps: number[] = [];
    let last = performance.now();
    const watch = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 1);
    await fair.idle();
    clearInterval(watch);
    expect(gaps.length).to.be.above(10);
  });

  it('keeps the order of a subject, so many at once, and runs subjects of a sender side by side', async () => {
    const fair = queues();
    const seen: string[] = [];
    let [running, most] = [0, 0];
    for (const name of ['1', '2', '3', '4']) {
      fair.add(turn('a', 'diagnose', 2), async () => {
        running += 1;
        most = Math.max(most, running);
        seen.push(name);
        await pause(2);
        running -= 1;
      });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    fair.add(turn('a', 'slow'), () => promise);
    fair.add(turn('a', 'hello'), async () => resolve());
    await fair.idle();
    expect([seen, most]).to.deep.equal([['1', '2', '3', '4'], 2]);
  });

  it('lets a sender that is held back wait after each of its tasks, and nobody else', async () => {
    const fair = queues();
    const ran: string[] = [];
    let isHeldBack = true;
    const add = (sender: string, kind: string) =>
      fair.add({ ...turn(sender, kind), ...(sender === 'a' ? { isHeldBack: () => isHeldBack } : {}) }, async () => {
        ran.push(sender);
      });
    for (let count = 0; count < 30; count += 1) add('a', count % 2 === 0 ? 'hello' : 'heartbeat');
    for (let count = 0; count < 300; count += 1) add('b', 'heartbeat');
    const began = performance.now();
    await fair.idle('b.heartbeat');
    const [asLong, ofA] = [performance.now() - began, ran.filter((sender) => sender === 'a').length];
    expect(ofA).to.be.within(1, 2 + asLong / 3);
    isHeldBack = false;
    await fair.idle();
    expect(ran.filter((sender) => sender === 'a')).to.have.length(30);
  });

  it('drops what is too much of one subject, and says so', async () => {
    const fair = queues();
    const { promise, resolve } = Promise.withResolvers<void>();
    const taken = Array.from({ length: 1_005 }, () => fair.add(turn('a'), () => promise));
    expect(taken.filter((isTaken) => !isTaken)).to.have.length(5);
    expect(fair.add(turn('b'), () => promise)).to.equal(true);
    resolve();
    await fair.idle();
  });
});
