import { expect } from 'chai';
import { type Currency, LastWord } from '#apps/local-node/last-word.js';
import { KNOWN_FOR_MS } from '#libs/contracts/bus/contact.js';
import { parseNetworkId } from '#libs/contracts/ids.js';

const DEV = parseNetworkId('dead', 'network');
const EPOCH = { counter: 1, id: 'e1' };
const START = new Date('2026-01-02T03:04:05.000Z');
const later = (ms: number) => new Date(START.getTime() + ms);
const holding = (version: number, epoch = EPOCH, hash = `of ${version}`) => ({ epoch, hash, snapshot: { version } });
const says = (version: number, epoch = EPOCH, hash = `of ${version}`) => ({
  epoch,
  networks: [{ networkId: DEV, version, hash }],
});

/** Identical heartbeats every two seconds, the last one at `untilMs`. */
function heard(
  word: LastWord,
  reply: ReturnType<typeof says>,
  held: ReturnType<typeof holding>,
  untilMs: number,
): void {
  for (let ms = 0; ms <= untilMs; ms += 2_000) word.heard(reply, held, later(ms));
}

describe('what the control plane is known to have', () => {
  let word: LastWord;

  beforeEach(() => {
    word = new LastWord(DEV, START);
  });

  const judged = (version: number, ms: number): Currency['kind'] => word.judge(holding(version), later(ms)).kind;

  it('is what this machine holds, from the join until the bound has passed without a word', () => {
    expect(judged(7, KNOWN_FOR_MS)).to.equal('current');
    expect(word.judge(holding(7), later(KNOWN_FOR_MS + 1))).to.deep.equal({ kind: 'silent', since: START });
  });

  it('is known again with the next word', () => {
    expect(judged(7, 60_000)).to.equal('silent');
    word.heard(says(7), holding(7), later(60_000));
    expect(judged(7, 60_000 + KNOWN_FOR_MS)).to.equal('current');
    expect(word.judge(holding(7), later(61_000 + KNOWN_FOR_MS))).to.deep.include({ since: later(60_000) });
  });

  it('is a version that has time to arrive', () => {
    word.heard(says(8), holding(7), later(0));
    expect(judged(7, KNOWN_FOR_MS)).to.equal('current');
    heard(word, says(8), holding(7), KNOWN_FOR_MS + 1_000);
    expect(word.judge(holding(7), later(KNOWN_FOR_MS + 1))).to.deep.equal({
      ...{ kind: 'outdated', version: 8 },
      since: START,
    });
    expect(judged(8, KNOWN_FOR_MS + 1), 'it has arrived').to.equal('current');
  });

  it('is another thing in another epoch, with another hash, or before the version that is held', () => {
    heard(word, says(7, { counter: 2, id: 'e2' }), holding(7), 10_000);
    expect(judged(7, 10_000)).to.equal('outdated');
    heard(word, says(7, EPOCH, 'another'), holding(7), 10_000);
    expect(judged(7, 10_000)).to.equal('outdated');
    heard(word, says(6), holding(7), 10_000);
    expect(judged(7, 10_000)).to.equal('outdated');
  });

  it('counts how long one version after the other did not arrive', () => {
    word.heard(says(8), holding(7), later(0));
    heard(word, says(9), holding(7), 10_000);
    expect(word.judge(holding(7), later(10_000))).to.deep.equal({ kind: 'outdated', version: 9, since: START });
  });

  it('begins to count anew when what it had named did arrive', () => {
    heard(word, says(8), holding(7), 10_000);
    word.heard(says(8), holding(8), later(12_000));
    word.heard(says(9), holding(8), later(14_000));
    expect(judged(8, 14_000)).to.equal('current');
  });
});
