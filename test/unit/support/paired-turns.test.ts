import { expect } from 'chai';
import {
  type Random,
  rangeOfRatio,
  repeatable,
  type TurnPair,
  type TurnTimes,
  takeTurns,
} from '#test/support/paired-turns.js';

/** As test/e2e/hostile has them. */
const BOUNDS = { atMost: 1.5, leastPairs: 20, mostPairs: 80, pairsBetweenLooks: 15 };
const TRIALS = 50;
const CALLS_A_TURN = 25;
/** One turn in so many meets a hiccup of the machine, which delays some of its calls. */
const TURNS_A_HICCUP = 20;
const DELAYED = 3;

/** Calls with a long tail, as those of a network have. */
function turn(slower: number, random: Random): TurnTimes {
  const hiccupMs = random() < 1 / TURNS_A_HICCUP ? 30 * random() : 0;
  return Array.from({ length: CALLS_A_TURN }, (_, call) => {
    const normal = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random());
    return slower * (5 * Math.exp(0.5 * normal) + (call < DELAYED ? hiccupMs : 0));
  });
}

/** The share of trials in which calls that take `slower` times as long keep the bound, and the pairs these took. */
async function kept(slower: number): Promise<{ readonly share: number; readonly pairs: number }> {
  let [count, pairs] = [0, 0];
  for (let trial = 1; trial <= TRIALS; trial += 1) {
    const random = repeatable(trial);
    const takePair = async () => ({ call: { tried: turn(slower, random), usual: turn(1, random) } });
    const [finding] = await takeTurns(['call'], takePair, BOUNDS, random);
    count += finding?.isKept === true ? 1 : 0;
    pairs += finding?.pairs ?? 0;
  }
  return { share: count / TRIALS, pairs: pairs / TRIALS };
}

describe('turns that are taken in pairs', function () {
  this.timeout(60_000);

  it('keep the bound when both situations are the same', async () => {
    expect((await kept(1)).share).to.be.at.least(0.95);
  });

  it('break it when calls take twice as long', async () => {
    expect((await kept(2)).share).to.be.at.most(0.05);
  });

  it('at the bound itself are decided either way', async () => {
    expect((await kept(1.5)).share).to.be.within(0.2, 0.8);
  });

  it('are fewer the clearer the answer is', async () => {
    expect((await kept(4)).pairs).to.be.lessThan((await kept(1.5)).pairs);
  });

  it('give an interval around the ratio of the slowest hundredths', () => {
    const pairs: TurnPair[] = Array.from({ length: 30 }, () => ({
      tried: Array.from({ length: 100 }, (_, call) => 2 * (call + 1)),
      usual: Array.from({ length: 100 }, (_, call) => call + 1),
    }));
    expect(rangeOfRatio(pairs, repeatable(1))).to.deep.equal({
      ratio: 2,
      low: 2,
      high: 2,
      triedMs: 198,
      usualMs: 99,
    });
  });

  it('begin with either situation', async () => {
    const order: boolean[] = [];
    const takePair = async (triedFirst: boolean) => {
      order.push(triedFirst);
      return { call: { tried: [1], usual: [1] } };
    };
    await takeTurns(['call'], takePair, BOUNDS, repeatable(1));
    expect(order).to.have.length(BOUNDS.leastPairs);
    expect(order.filter(Boolean).length).to.be.within(5, 15);
  });
});
