import { expect } from 'chai';
import type { NetworkView } from '#libs/policy/model.js';
import { policyIndex } from '#libs/policy/policy-index.js';
import { reachabilityChange, reachedText } from '#libs/policy/reachability.js';
import { networkView, TEST_TIME_MS } from '#test/support/network-view.js';

const of = (allow: readonly string[], deny: readonly string[] = [], ports = [80, 81]): NetworkView =>
  networkView({
    version: 1,
    sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
    aliases: { api: { sandbox: 'sbx-api', ports }, web: { sandbox: 'sbx-web', ports: [80] } },
    allow,
    deny,
  });
const web = 'sandbox:sbx-web -> api:80';
const api = 'sandbox:sbx-api -> api:80';

describe('what two views of a network let through differently', () => {
  const rows: readonly (readonly [
    what: string,
    before: NetworkView | null,
    after: NetworkView | null,
    gained: readonly string[],
    lost: readonly string[],
  ])[] = [
    ['no network, before and after', null, null, [], []],
    ['the same twice', of(['any api 80']), of(['any api 80']), [], []],
    ['a network that is new', null, of(['any api 80']), [api, web], []],
    ['a network that is gone', of(['any api 80']), null, [], [api, web]],
    ['an allow more, of one source', of([]), of(['sandbox:sbx-web api 80']), [web], []],
    ['an allow of a port that nobody publishes', of([]), of(['any api 82', 'any none 80']), [], []],
    ['a deny more, of one source', of(['any api 80']), of(['any api 80'], ['sandbox:sbx-web api 80']), [], [web]],
    ['a deny alone', of([]), of([], ['any api 80']), [], []],
    [
      'a port that is published no more',
      of(['any api 80', 'any api 81']),
      of(['any api 80', 'any api 81'], [], [81]),
      [],
      [api, web],
    ],
    [
      'another way to allow the same',
      of(['any api 80']),
      of(['sandbox:sbx-web api 80', 'sandbox:sbx-api api 80']),
      [],
      [],
    ],
    [
      'one for another',
      of(['sandbox:sbx-web api 80']),
      of(['sandbox:sbx-web api 81']),
      ['sandbox:sbx-web -> api:81'],
      [web],
    ],
    ['local nodes of all users', of([]), of(['local api 80']), ['local -> api:80'], []],
    ['local nodes of one user', of([]), of(['local:ada api 80']), ['local:ada -> api:80'], []],
    [
      'local nodes of one user no more, of all others still',
      of(['local api 80']),
      of(['local api 80'], ['local:ada api 80']),
      [],
      ['local:ada -> api:80'],
    ],
    [
      'all local nodes but those of a user that only the view before names',
      of(['local:ada api 80']),
      of(['local api 80']),
      ['local -> api:80'],
      [],
    ],
  ];
  for (const [what, before, after, gained, lost] of rows) {
    it(`${what}: ${gained.length} gained, ${lost.length} lost`, () => {
      const change = reachabilityChange(before, after, TEST_TIME_MS);
      expect({ gained: change.gained.map(reachedText), lost: change.lost.map(reachedText) }).to.deep.equal({
        gained,
        lost,
      });
    });
  }

  it('costs each of the many aliases of one sandbox the same', () => {
    const names = Array.from({ length: 1_000 }, (_, number) => `a${number}`);
    const view = networkView({
      version: 1,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
      aliases: Object.fromEntries(names.map((name) => [name, { sandbox: 'sbx-api', ports: [80] }])),
      allow: names.map((name) => `any ${name} 80`),
    });
    const lists = policyIndex(view).bySelectorAndPort;
    const get = lists.get.bind(lists);
    let looks = 0;
    Object.assign(lists, {
      get: (key: string) => {
        looks += 1;
        return get(key);
      },
    });
    expect(reachabilityChange(null, view, TEST_TIME_MS).gained).to.have.length(2_000);
    // A thousand selectors of the sandbox once for all of its aliases, and one of local nodes for each alias.
    expect(looks).to.be.within(1_000, 2_100);
  });
});
