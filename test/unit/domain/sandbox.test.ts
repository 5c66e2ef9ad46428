import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseSandboxId } from '#libs/contracts/ids.js';
import { DomainError } from '#libs/domain/decision.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import type { SandboxEvent } from '#libs/domain/sandbox/events.js';
import { PlacementConflictError } from '#libs/domain/sandbox/refusals.js';
import { evolveSandbox, type SandboxState, SandboxStreamError } from '#libs/domain/sandbox/state.js';

const sandboxId = parseSandboxId('sbx-api', 'sandbox');
const agent = (name: string) => parseAgentId(name, 'agent');

const registered: SandboxEvent = { type: 'SandboxRegistered', data: { sandboxId } };
const placed = (on: string, address = '10.0.0.2', driver = 'netns'): SandboxEvent => ({
  type: 'SandboxPlaced',
  data: { agentId: agent(on), address, driver },
});
const gone = (from: string): SandboxEvent => ({ type: 'SandboxGone', data: { agentId: agent(from) } });
const returned = (to: string, address = '10.0.0.2'): SandboxEvent => ({
  type: 'SandboxReturned',
  data: { agentId: agent(to), address },
});
const released = (by: string): SandboxEvent => ({ type: 'SandboxReleased', data: { agentId: agent(by) } });
const labelled = (labels: { readonly [key: string]: string }): SandboxEvent => ({
  type: 'SandboxLabelled',
  data: { labels },
});

const report = (by: string, address = '10.0.0.2', driver = 'netns'): SandboxCommand => ({
  kind: 'ReportSandbox',
  sandboxId,
  agentId: agent(by),
  address,
  driver,
});
const reportGone = (by: string): SandboxCommand => ({ kind: 'ReportGone', sandboxId, agentId: agent(by) });
const release = (by: string): SandboxCommand => ({ kind: 'ReleaseSandbox', sandboxId, agentId: agent(by) });
const label = (set: { readonly [key: string]: string }, ...remove: readonly string[]): SandboxCommand => ({
  kind: 'LabelSandbox',
  sandboxId,
  set,
  remove,
});

const fold = (events: readonly SandboxEvent[]) => events.reduce<SandboxState | null>(evolveSandbox, null);
const onA = [registered, placed('host-a')];

describe('a sandbox', () => {
  const rows: readonly (readonly [
    what: string,
    given: readonly SandboxEvent[],
    when: SandboxCommand,
    then: readonly SandboxEvent[],
  ])[] = [
    ['is registered and placed when first seen', [], report('host-a'), onA],
    ['stays as it is when seen again', onA, report('host-a'), []],
    ['is placed anew at another address', onA, report('host-a', '10.0.0.9'), [placed('host-a', '10.0.0.9')]],
    [
      'is placed anew by another driver',
      onA,
      report('host-a', '10.0.0.2', 'static'),
      [placed('host-a', '10.0.0.2', 'static')],
    ],
    ['is gone when its agent says so', onA, reportGone('host-a'), [gone('host-a')]],
    ['is gone once', [...onA, gone('host-a')], reportGone('host-a'), []],
    ['is not gone because another agent does not see it', onA, reportGone('host-b'), []],
    ['is not gone before anybody saw it', [], reportGone('host-a'), []],
    ['returns to its agent', [...onA, gone('host-a')], report('host-a'), [returned('host-a')]],
    [
      'returns at another address',
      [...onA, gone('host-a')],
      report('host-a', '10.0.0.9'),
      [returned('host-a', '10.0.0.9')],
    ],
    ['is not gone after it returned', [...onA, gone('host-a'), returned('host-a')], report('host-a'), []],
    ['is released by its agent', onA, release('host-a'), [released('host-a')]],
    ['is released while gone', [...onA, gone('host-a')], release('host-a'), [released('host-a')]],
    ['is released once', [...onA, released('host-a')], release('host-a'), []],
    ['is not released by another agent', onA, release('host-b'), []],
    ['moves once it is released', [...onA, released('host-a')], report('host-b'), [placed('host-b')]],
    ['goes back to who released it', [...onA, released('host-a')], report('host-a'), [placed('host-a')]],
    ['takes labels', onA, label({ tier: 'api' }), [labelled({ tier: 'api' })]],
    ['keeps the others', [...onA, labelled({ a: '1' })], label({ b: '2' }), [labelled({ a: '1', b: '2' })]],
    ['changes one', [...onA, labelled({ a: '1' })], label({ a: '2' }), [labelled({ a: '2' })]],
    ['loses one', [...onA, labelled({ a: '1', b: '2' })], label({}, 'a'), [labelled({ b: '2' })]],
    ['has the labels it has', [...onA, labelled({ a: '1' })], label({ a: '1' }, 'b'), []],
  ];
  for (const [what, given, when, then] of rows) {
    it(what, () => {
      const decision = decideSandbox(when, fold(given));
      if (decision instanceof DomainError) throw decision;
      expect(decision.events).to.deep.equal(then);
      expect(decision.result).to.deep.equal(fold([...given, ...then]));
    });
  }

  it('is never moved by another agent that claims it, and the owner is named', () => {
    for (const given of [onA, [...onA, gone('host-a')]]) {
      const refusal = decideSandbox(report('host-b'), fold(given));
      expect(refusal).to.be.instanceOf(PlacementConflictError);
      expect(refusal).to.include({ category: 'conflict', code: 'PLACEMENT_CONFLICT', owner: 'host-a' });
    }
  });

  it('takes no labels before an agent reported it', () => {
    expect(decideSandbox(label({ a: '1' }), null)).to.include({ category: 'not-found', code: 'SANDBOX_NOT_FOUND' });
  });

  it('has thirty-two labels at most', () => {
    const many = Object.fromEntries(Array.from({ length: 32 }, (_, index) => [`k${index}`, 'v']));
    const full = fold([...onA, labelled(many)]);
    expect(decideSandbox(label({ more: 'v' }), full)).to.include({ category: 'invalid', code: 'TOO_MANY_LABELS' });
    expect(decideSandbox(label({ more: 'v' }, 'k0'), full))
      .to.have.property('events')
      .with.length(1);
  });

  it('refuses to set and remove one label at once', () => {
    expect(decideSandbox(label({ a: '1' }, 'a'), fold(onA))).to.include({
      category: 'invalid',
      code: 'LABEL_CONTRADICTION',
    });
  });

  it('keeps its agent while it is gone, and loses it when released', () => {
    expect(fold([...onA, gone('host-a')])).to.include({ agentId: 'host-a', present: false, version: 3 });
    expect(fold([...onA, released('host-a')])).to.include({ agentId: null, address: null, present: false });
  });

  it('has a stream that begins with its registration', () => {
    expect(() => evolveSandbox(null, gone('host-a'))).to.throw(SandboxStreamError, 'version 1');
    expect(() => evolveSandbox(fold(onA), registered)).to.throw(SandboxStreamError, 'version 3');
  });

  it('knows since which version it has its labels: what a walk back over the stream finds', () => {
    const change = fc.constantFrom(
      ...[placed('host-a'), gone('host-a'), returned('host-a'), released('host-a')],
      ...[labelled({}), labelled({ tier: 'web' }), labelled({ tier: 'web', team: 'a' }), labelled({ team: 'a' })],
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
        const states = [evolveSandbox(null, registered)];
        for (const event of changes) states.push(evolveSandbox(states.at(-1) ?? null, event));
        const last = states.at(-1);
        const other = states.findLast(({ labels }) => !isDeepStrictEqual(labels, last?.labels));
        expect(last?.labelledSince).to.equal((other?.version ?? 0) + 1);
      }),
    );
  });
});
