import { expect } from 'chai';
import { linesOf } from '#apps/console/map/bundles.js';
import { layoutOf, routesOf } from '#apps/console/map/layout.js';
import { filtered, mapModel } from '#apps/console/map/model.js';
import { neighbour } from '#apps/console/map/neighbour.js';

type Reachability = Parameters<typeof mapModel>[0];

/** This many sandboxes on this many agents; each may reach the next, and every third is denied the one after. */
function network(sandboxes: number, agents: number): Reachability {
  const ids = Array.from({ length: sandboxes }, (_, index) => `s${String(index).padStart(3, '0')}`);
  const edge = (from: string, alias: string, effect: 'allow' | 'deny') => ({
    from: `sandbox:${from}`,
    alias,
    port: 80,
    effect,
    ruleId: 'rule-1234',
    since: 3,
  });
  return {
    network: 'dev',
    version: 9,
    sandboxes: ids.map((sandboxId, index) => ({ sandboxId, agentId: `host-${index % agents}`, labels: {} })),
    aliases: ids.map((sandboxId) => ({ alias: `a-${sandboxId}`, sandboxId, ports: [{ published: 80, target: 80 }] })),
    edges: ids.flatMap((id, index) => [
      edge(id, `a-${ids[(index + 1) % sandboxes]}`, 'allow'),
      ...(index % 3 === 0 ? [edge(id, `a-${ids[(index + 2) % sandboxes]}`, 'deny')] : []),
    ]),
    edgesLeftOut: 0,
    rules: [],
  };
}

describe('the map', () => {
  it('has one pair for a source and a sandbox: mixed where some ports are allowed and some denied', () => {
    const { edges, ...rest } = network(3, 1);
    const [first] = edges;
    if (first === undefined) throw new Error('no edge');
    const { pairs } = mapModel({ ...rest, edges: [first, { ...first, port: 81, effect: 'deny' }] }, undefined);
    expect(pairs.map(({ effect, open }) => [effect, open])).to.deep.equal([['mixed', null]]);
  });

  it('counts open connections by pair, and keeps what is not known apart from none', () => {
    const flow = {
      from: 'sandbox:s000',
      alias: 'a-s001',
      port: 80,
      open: 3,
      ruleId: null,
      sourceAgentId: null,
      targetAgentId: null,
    };
    const flows = [{ ...flow, oldestOpenedAt: '2026-01-01T00:00:00Z', bytesToTarget: 0, bytesToSource: 0 }];
    const { pairs } = mapModel(network(3, 1), flows);
    expect(pairs.find(({ id }) => id === 'sandbox:s000~sandbox:s001')?.open).to.equal(3);
    expect(pairs.find(({ id }) => id === 'sandbox:s001~sandbox:s002')?.open).to.equal(0);
  });

  it('draws no box over another, and every box inside its frame', () => {
    const { frames, nodes } = layoutOf(mapModel(network(50, 4), undefined).nodes, false);
    for (const [index, a] of nodes.entries()) {
      for (const b of nodes.slice(index + 1)) {
        const isApart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
        expect(isApart, `${a.id} ${b.id}`).to.equal(true);
      }
      const holds = frames.filter(
        ({ x, y, width, height }) => x < a.x && y < a.y && x + width > a.x + a.width && y + height > a.y + a.height,
      );
      expect(holds, a.id).to.have.length(1);
    }
  });

  it('moves nothing when a rule changes', () => {
    const { edges, ...rest } = network(50, 4);
    const before = layoutOf(mapModel({ ...rest, edges }, undefined).nodes, false);
    expect(layoutOf(mapModel({ ...rest, edges: edges.slice(9) }, undefined).nodes, false)).to.deep.equal(before);
  });

  it('bundles many pairs by agent and verdict, but not those of the sandbox that is looked at', () => {
    const model = mapModel(network(200, 4), undefined);
    expect(model.pairs).to.have.length(267);
    const bundled = linesOf(model, null, false);
    expect(bundled.length).to.be.lessThan(30);
    expect(bundled.flatMap(({ pairs }) => pairs)).to.have.length(267);
    const own = linesOf(model, 'sandbox:s000', false).filter(({ from, to }) => [from, to].includes('sandbox:s000'));
    expect(own.map(({ pairs }) => pairs.length)).to.deep.equal([1, 1, 1, 1]);
  });

  it('lays out 200 sandboxes and their lines in less than 50 ms of CPU', () => {
    const model = mapModel(network(200, 10), undefined);
    const before = process.cpuUsage();
    routesOf(linesOf(model, null, false), layoutOf(model.nodes, false));
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).to.be.lessThan(50);
  });

  it('is filtered by alias, agent and label, with the other ends of what is found', () => {
    const model = filtered(mapModel(network(9, 3), undefined), 'a-s004');
    expect(model.nodes.map(({ title }) => title).sort()).to.deep.equal(['s003', 's004', 's005']);
  });

  it('is walked by arrow keys', () => {
    const { nodes } = layoutOf(mapModel(network(6, 2), undefined).nodes, false);
    const walk = (...keys: readonly string[]): string | undefined =>
      keys.reduce<string | null>((from, key) => neighbour(nodes, from, key)?.id ?? from, null) ?? undefined;
    expect(walk('ArrowDown')).to.equal('sandbox:s000');
    expect(walk('ArrowDown', 'ArrowDown')).to.equal('sandbox:s002');
    expect(walk('ArrowDown', 'ArrowRight')).to.equal('sandbox:s001');
    expect(walk('ArrowDown', 'ArrowRight', 'ArrowLeft')).to.equal('sandbox:s000');
  });
});
