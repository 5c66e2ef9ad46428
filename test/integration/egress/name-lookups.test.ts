import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { createNameAddresses } from '#libs/data-plane/egress/name-addresses.js';
import { createNameLookups, type NameLookups } from '#libs/data-plane/egress/name-lookups.js';
import { answerWith, type ScriptedResolver, startScripted } from '#test/integration/dns/resolvers.js';
import { waitFor } from '#test/support/wait.js';

const CONNECTIONS = 600;
/** The resolver takes the same time for each answer, so queries that are sent together wait together. */
const ANSWERED_AFTER_MS = 5;
/** How many small packets a socket of a Linux host holds until it is read. */
const HELD_PACKETS = 250;

describe('names outside that many connections need at once', () => {
  let resolver: ScriptedResolver;
  let lookups: NameLookups;
  let waiting = 0;
  let mostWaiting = 0;

  beforeEach(async () => {
    waiting = 0;
    mostWaiting = 0;
    resolver = await startScripted(async (question) => {
      waiting += 1;
      mostWaiting = Math.max(mostWaiting, waiting);
      await delay(ANSWERED_AFTER_MS);
      waiting -= 1;
      return [question.questions?.[0]?.type === 'A' ? answerWith(question, '203.0.113.7') : answerWith(question)];
    });
    lookups = createNameLookups(createNameAddresses([resolver.address]));
  });
  afterEach(() => resolver.stop());

  function lookUp(number: number, askedBy: string): Promise<readonly string[]> {
    return lookups(parseOutsideName(`n${number}.example.com`, 'name'), askedBy, AbortSignal.timeout(60_000));
  }

  it('are all resolved, and never so many at a time that the resolver loses questions', async () => {
    const found = await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => lookUp(index, 'one')));
    expect(new Set(found.flat())).to.deep.equal(new Set(['203.0.113.7']));
    expect(mostWaiting).to.be.within(2, HELD_PACKETS);
  });

  it('of one source do not hold up those of another', async () => {
    const ended: string[] = [];
    const many = Array.from({ length: CONNECTIONS }, (_, index) => lookUp(index, 'one').then(() => ended.push('one')));
    await lookUp(0, 'other').then(() => ended.push('other'));
    expect(ended.length).to.be.below(CONNECTIONS / 2);
    await Promise.all(many);
    expect(ended).to.have.length(CONNECTIONS + 1);
  });

  it('of one source to one name share the look-ups that have not begun, and none is stopped by one that gives up', async () => {
    const running = { ofAll: 1, ofOne: 1, always: 1 };
    lookups = createNameLookups(createNameAddresses([resolver.address]), { running, waiting: running, waitMs: 60_000 });
    const first = lookUp(1, 'one');
    await waitFor('the first has begun', () => resolver.asked.udp > 0);
    const givesUp = new AbortController();
    const name = parseOutsideName('n1.example.com', 'name');
    const others = [
      lookups(name, 'one', givesUp.signal),
      ...Array.from({ length: CONNECTIONS }, () => lookUp(1, 'one')),
    ];
    givesUp.abort();
    expect(new Set((await Promise.all([first, ...others])).flat())).to.deep.equal(new Set(['203.0.113.7']));
    expect(resolver.asked.udp).to.equal(4);
  });

  it('of connections that were all given up are not made', async () => {
    const running = { ofAll: 1, ofOne: 1, always: 1 };
    lookups = createNameLookups(createNameAddresses([resolver.address]), { running, waiting: running, waitMs: 60_000 });
    const first = lookUp(1, 'one');
    const givesUp = new AbortController();
    const given = lookups(parseOutsideName('n2.example.com', 'name'), 'one', givesUp.signal).catch(() => 'given up');
    givesUp.abort();
    await first;
    expect(await given).to.equal('given up');
    // A later connection to the same name makes a new look-up.
    expect(await lookUp(2, 'one')).to.deep.equal(['203.0.113.7']);
    expect(resolver.asked.udp).to.equal(4);
  });

  it('that have no room fail, and say so', async () => {
    const running = { ofAll: 1, ofOne: 1, always: 1 };
    const narrow = { running, waiting: running, waitMs: 60_000 };
    lookups = createNameLookups(createNameAddresses([resolver.address]), narrow);
    const outcomes = await Promise.all(
      [0, 1, 2].map((number) =>
        lookUp(number, 'one').catch((error: unknown) => (error instanceof Error ? error.message : '')),
      ),
    );
    expect(outcomes.map(String)).to.deep.equal([
      '203.0.113.7',
      '203.0.113.7',
      'n2.example.com: too many names of this sandbox wait to be resolved',
    ]);
  });
});
