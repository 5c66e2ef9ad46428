import { expect } from 'chai';
import { changeText, diffMap } from '#apps/console/history/diff-model.js';

type Now = Parameters<typeof diffMap>[1];
type Reach = Parameters<typeof diffMap>[0]['gained'][number];

const NOW: Now = {
  ...{ network: 'dev', version: 9, edges: [], edgesLeftOut: 0, rules: [] },
  sandboxes: [
    { sandboxId: 'sbx-web', agentId: 'host-a', labels: {} },
    { sandboxId: 'sbx-api', agentId: 'host-b', labels: {} },
    { sandboxId: 'sbx-idle', agentId: 'host-b', labels: {} },
  ],
  aliases: [{ alias: 'api', sandboxId: 'sbx-api', ports: [{ published: 80, target: 80 }] }],
};

const reach = (from: string, alias: string, port = 80): Reach => ({ from, alias, port });
const drawn = (gained: readonly Reach[], lost: readonly Reach[] = []) =>
  diffMap({ gained: [...gained], lost: [...lost] }, NOW);

describe('the map of a difference', () => {
  const web = 'sandbox:sbx-web';
  const rows = [
    { title: 'gained', map: drawn([reach(web, 'api')]), effect: 'allow', text: 'gained' },
    { title: 'lost', map: drawn([], [reach(web, 'api')]), effect: 'deny', text: 'lost' },
    { title: 'lost twice', map: drawn([], [reach(web, 'api'), reach(web, 'api', 81)]), effect: 'deny', text: '2 lost' },
    {
      ...{ title: 'both', map: drawn([reach(web, 'api')], [reach(web, 'api', 81), reach(web, 'api', 82)]) },
      ...{ effect: 'mixed', text: '1 gained, 2 lost' },
    },
  ] as const;
  for (const { title, map, effect, text } of rows) {
    it(`has one pair for a source and a sandbox, and says what it changed: ${title}`, () => {
      expect(map.pairs.map((pair) => [pair.id, pair.effect])).to.deep.equal([
        ['sandbox:sbx-web~sandbox:sbx-api', effect],
      ]);
      expect(changeText(map.pairs)).to.equal(text);
    });
  }

  it('has a box for those alone about whom something changed, where they are now', () => {
    const { nodes } = drawn([reach(web, 'api')]);
    expect(nodes.map(({ title, frame }) => [title, frame])).to.deep.equal([
      ['sbx-web', 'host-a'],
      ['sbx-api', 'host-b'],
    ]);
  });

  it('has boxes of their own for what the network does not have now', () => {
    const { nodes } = drawn(
      [reach('local:ada', 'api'), reach(web, 'packages.example.com', 443)],
      [reach('sandbox:sbx-gone', 'old')],
    );
    expect(nodes.map(({ id, title, frame }) => `${id} ${title}, ${frame}`).sort()).to.deep.equal([
      'alias:old old, not in it now',
      'local:ada local:ada, local nodes, apart',
      'outside:packages.example.com packages.example.com, names outside',
      'sandbox:sbx-api sbx-api, host-b',
      'sandbox:sbx-gone sbx-gone, not in it now',
      'sandbox:sbx-web sbx-web, host-a',
    ]);
  });
});
