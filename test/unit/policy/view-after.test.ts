import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseAliasName } from '#libs/contracts/ids.js';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { compile, compileTree } from '#libs/policy/compile.js';
import { concernedBy } from '#libs/policy/concerned.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { evaluateOutside } from '#libs/policy/evaluate-outside.js';
import type { FlowSource, NetworkView, Topology } from '#libs/policy/model.js';
import { withChanges } from '#libs/policy/overlay-map.js';
import { type PolicyIndex, policyIndex } from '#libs/policy/policy-index.js';
import { publishedPort } from '#libs/policy/published-port.js';
import { diff, type SnapshotDelta } from '#libs/policy/snapshot-delta.js';
import { viewAfter, viewOf } from '#libs/policy/view.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { agentName, EVERY_SOURCE, networkEvents, OUTSIDE_NAMES } from './arbitraries.js';

const agent = (name: string) => parseAgentId(name, 'agent');
const QUESTIONS = EVERY_SOURCE.flatMap((source) =>
  ['api', 'web', 'postgres'].flatMap((name) =>
    [80, 8080].map((port) => ({ source, alias: parseAliasName(name, 'alias'), port })),
  ),
);

const inOrder = <Value>(map: ReadonlyMap<string, Value>) =>
  [...map].sort(([one], [other]) => (one < other ? -1 : 1)).map(([key, value]) => ({ key, value }));

const plain = (view: NetworkView) => ({
  ...view,
  sandboxes: inOrder(view.sandboxes),
  aliases: inOrder(view.aliases),
  rules: inOrder(view.rules).map(({ value }) => ({ ...value, from: formatSelector(value.from) })),
  egressRules: inOrder(view.egressRules).map(({ value }) => ({ ...value, from: formatSelector(value.from) })),
});

const listed = ({ byAlias, bySelectorAndPort, aliasesOf, ends, outsideEnds, firstEndMs }: PolicyIndex) => ({
  ...{ ends: inOrder(ends), outsideEnds: inOrder(outsideEnds), firstEndMs },
  byAlias: inOrder(byAlias),
  bySelectorAndPort: inOrder(bySelectorAndPort),
  aliasesOf: inOrder(aliasesOf).map(({ key, value }) => ({ key, value: [...value].sort() })),
});

interface Step {
  readonly before: NetworkView;
  readonly after: NetworkView;
  readonly delta: SnapshotDelta;
  readonly whole: NetworkView;
}

/** Each version of a network at an agent that gets only deltas, while it takes part. */
const steps = fc.tuple(networkEvents, agentName, fc.integer({ min: 1, max: 4 })).map(([events, name, stride]) => {
  const taken: Step[] = [];
  let held: { readonly topology: Topology; readonly view: NetworkView } | null = null;
  for (let length = 1; length <= events.length; length += stride) {
    const topology = evolveNetworkThrough(null, events.slice(0, length)) as Topology;
    const whole = viewOf(compile(topology, agent(name)));
    const [old, present] = [held && compileTree(held.topology, agent(name)), compileTree(topology, agent(name))];
    if (held === null || old?.head.participates !== true || !present.head.participates) {
      held = { topology, view: whole };
      continue;
    }
    // Cached verdicts of the version before must not be used for this one.
    for (const question of QUESTIONS) evaluate(held.view, question, TEST_TIME_MS);
    const delta = diff(old, present);
    const after: NetworkView = viewAfter(held.view, delta);
    taken.push({ before: held.view, after, delta, whole });
    held = { topology, view: after };
  }
  return taken;
});

/** Everything on which a host's decision about a connection depends. */
function decision(view: NetworkView, question: (typeof QUESTIONS)[number]) {
  const { effect, reason, ruleId } = evaluate(view, question, TEST_TIME_MS);
  const record = view.aliases.get(question.alias);
  const { source } = question;
  return {
    ...{ effect, reason, ruleId },
    sandboxId: record?.sandboxId,
    agentId: record && view.sandboxes.get(record.sandboxId)?.agentId,
    port: record && publishedPort(record, question.port)?.target,
    sourceAgent: source.kind === 'sandbox' ? view.sandboxes.get(source.sandboxId)?.agentId : null,
  };
}

const isSandbox = (source: FlowSource) => source.kind === 'sandbox';

describe('a view that follows deltas', () => {
  it('is that of the whole snapshot, with the same index and the same verdicts', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { after, whole } of taken) {
          expect(plain(after)).to.deep.equal(plain(whole));
          expect(listed(policyIndex(after))).to.deep.equal(listed(policyIndex(whole)));
          for (const question of QUESTIONS)
            expect(evaluate(after, question, TEST_TIME_MS)).to.deep.equal(evaluate(whole, question, TEST_TIME_MS));
          for (const source of EVERY_SOURCE) {
            if (source.kind !== 'sandbox') continue;
            for (const text of OUTSIDE_NAMES) {
              const asked = { sandboxId: source.sandboxId, name: parseOutsideName(text, 'name'), port: 80 };
              expect(evaluateOutside(after, asked, TEST_TIME_MS)).to.deep.equal(
                evaluateOutside(whole, asked, TEST_TIME_MS),
              );
            }
          }
        }
      }),
    );
  });

  it('names every connection that the change can decide otherwise', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        for (const { before, after, delta } of taken) {
          const concerned = concernedBy(before, after, delta);
          if (concerned === null) continue;
          for (const question of QUESTIONS) {
            const { source, alias } = question;
            const isMeant =
              concerned.names.has(alias) || (source.kind === 'sandbox' && concerned.sandboxes.has(source.sandboxId));
            if (!isMeant) expect(decision(after, question)).to.deep.equal(decision(before, question));
          }
          for (const source of EVERY_SOURCE.filter(isSandbox)) {
            if (source.kind !== 'sandbox' || concerned.sandboxes.has(source.sandboxId)) continue;
            for (const text of OUTSIDE_NAMES) {
              const asked = { sandboxId: source.sandboxId, name: parseOutsideName(text, 'name'), port: 80 };
              const effectIn = (view: NetworkView) => ({
                ...evaluateOutside(view, asked, TEST_TIME_MS),
                version: 0,
                nearMisses: [],
              });
              expect(effectIn(after)).to.deep.equal(effectIn(before));
            }
          }
        }
      }),
    );
  });

  it('shares what did not change, and copies no map for one entry', () => {
    const many = new Map(Array.from({ length: 10_000 }, (_, index) => [`key-${index}`, { index }]));
    const changed = withChanges(many, new Map([['key-7', { index: 0 }]]));
    expect(changed).to.not.be.instanceOf(Map);
    expect(changed.get('key-7')).to.deep.equal({ index: 0 });
    expect(many.get('key-7')).to.deep.equal({ index: 7 });
  });

  it('has maps that are as any other', () => {
    const key = fc.nat({ max: 40 });
    const change = fc.tuple(key, fc.option(fc.record({ value: fc.nat() }), { nil: undefined }));
    fc.assert(
      fc.property(fc.array(fc.array(change, { maxLength: 3 }), { maxLength: 40, size: 'max' }), (changes) => {
        const model = new Map(Array.from({ length: 40 }, (_, index) => [index, { value: -index }]));
        let map: ReadonlyMap<number, { readonly value: number }> = new Map(model);
        for (const some of changes) {
          map = withChanges(map, new Map(some));
          for (const [at, value] of new Map(some)) {
            if (value === undefined) model.delete(at);
            else model.set(at, value);
          }
          const byKey = (entries: Iterable<readonly [number, object]>) => [...entries].sort(([a], [b]) => a - b);
          expect(byKey(map)).to.deep.equal(byKey(model));
          expect(map.size).to.equal(model.size);
          expect([...map.keys()].sort()).to.deep.equal([...model.keys()].sort());
          expect([...map.values()].length).to.equal(model.size);
          const visited: number[] = [];
          map.forEach((_, at) => void visited.push(at));
          expect(visited.sort()).to.deep.equal([...model.keys()].sort());
          for (let at = 0; at < 41; at += 1)
            expect([map.has(at), map.get(at)]).to.deep.equal([model.has(at), model.get(at)]);
        }
      }),
    );
  });
});
