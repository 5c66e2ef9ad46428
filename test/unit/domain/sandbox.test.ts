import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { parseAgentId, parseSandboxId } from '#libs/contracts/ids.js';
import { DomainError } from '#libs/domain/decision.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import type { SandboxEvent } from '#libs/domain/sandbox/events.js';
import { ClaimRefusedError } from '#libs/domain/sandbox/refusals.js';
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
const moved = (from: string, to: string, address = '10.0.0.2'): SandboxEvent => ({
  type: 'SandboxMoved',
  data: { from: agent(from), agentId: agent(to), address, driver: 'netns' },
});
const pinned = (to: string): SandboxEvent => ({ type: 'SandboxPinned', data: { agentId: agent(to) } });
const unpinned: SandboxEvent = { type: 'SandboxUnpinned', data: {} };
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
const pin = (to: string | null): SandboxCommand => ({
  kind: 'PinSandbox',
  sandboxId,
  agentId: to === null ? null : agent(to),
});
const unpin: SandboxCommand = { kind: 'UnpinSandbox', sandboxId };
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
      'is placed anew when another driver finds it again',
      [...onA, gone('host-a')],
      report('host-a', '10.0.0.2', 'static'),
      [placed('host-a', '10.0.0.2', 'static')],
    ],
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
    [
      'is not released by nobody when nobody has it',
      [...onA, released('host-a')],
      { kind: 'ReleaseSandbox', sandboxId, agentId: null },
      [],
    ],
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
    ['moves once its agent said it is gone', [...onA, gone('host-a')], report('host-b'), [moved('host-a', 'host-b')]],
    [
      'moves back the same way',
      [...onA, gone('host-a'), moved('host-a', 'host-b'), gone('host-b')],
      report('host-a'),
      [moved('host-b', 'host-a')],
    ],
    [
      'is gone from where it is, and not from where it was',
      [...onA, gone('host-a'), moved('host-a', 'host-b')],
      reportGone('host-a'),
      [],
    ],
    [
      'is not released by the agent that it moved away from',
      [...onA, gone('host-a'), moved('host-a', 'host-b')],
      release('host-a'),
      [],
    ],
    ['is placed elsewhere once it is released', [...onA, released('host-a')], report('host-b'), [placed('host-b')]],
    ['goes back to who released it', [...onA, released('host-a')], report('host-a'), [placed('host-a')]],
    ['is pinned to where it is', onA, pin(null), [pinned('host-a')]],
    ['is pinned to where it was when gone', [...onA, gone('host-a')], pin(null), [pinned('host-a')]],
    ['is pinned to where it is to go', onA, pin('host-b'), [pinned('host-b')]],
    ['is pinned before any agent has it again', [...onA, released('host-a')], pin('host-b'), [pinned('host-b')]],
    ['is pinned once', [...onA, pinned('host-a')], pin(null), []],
    ['is pinned elsewhere instead', [...onA, pinned('host-a')], pin('host-b'), [pinned('host-b')]],
    ['is pinned no more', [...onA, pinned('host-a')], unpin, [unpinned]],
    ['is unpinned once', onA, unpin, []],
    ['is seen where it is pinned', [...onA, pinned('host-a')], report('host-a'), []],
    [
      'returns to where it is pinned',
      [...onA, pinned('host-a'), gone('host-a')],
      report('host-a'),
      [returned('host-a')],
    ],
    [
      'moves to where it is pinned',
      [...onA, pinned('host-b'), gone('host-a')],
      report('host-b'),
      [moved('host-a', 'host-b')],
    ],
    [
      'stays with its agent that sees it, wherever it is pinned',
      [...onA, pinned('host-b')],
      report('host-a', '10.0.0.9'),
      [placed('host-a', '10.0.0.9')],
    ],
    [
      'may move again once it is unpinned',
      [...onA, pinned('host-a'), gone('host-a'), unpinned],
      report('host-b'),
      [moved('host-a', 'host-b')],
    ],
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
      expect(decision.warnings).to.deep.equal([]);
    });
  }

  const claims: readonly (readonly [
    what: string,
    given: readonly SandboxEvent[],
    by: string,
    code: string,
    owner: string,
  ])[] = [
    ['while its agent sees it', onA, 'host-b', 'PLACEMENT_CONFLICT', 'host-a'],
    ['after it returned', [...onA, gone('host-a'), returned('host-a')], 'host-b', 'PLACEMENT_CONFLICT', 'host-a'],
    [
      'by its former agent',
      [...onA, gone('host-a'), moved('host-a', 'host-b')],
      'host-a',
      'PLACEMENT_CONFLICT',
      'host-b',
    ],
    [
      'by an agent from which it was released',
      [...onA, released('host-a'), placed('host-b')],
      'host-a',
      'PLACEMENT_CONFLICT',
      'host-b',
    ],
    ['while it is pinned where it is', [...onA, pinned('host-a')], 'host-b', 'SANDBOX_PINNED', 'host-a'],
    ['while it is pinned and gone', [...onA, pinned('host-a'), gone('host-a')], 'host-b', 'SANDBOX_PINNED', 'host-a'],
    [
      'while it is pinned and released',
      [...onA, released('host-a'), pinned('host-c')],
      'host-b',
      'SANDBOX_PINNED',
      'host-c',
    ],
    [
      'back where it was, when pinned elsewhere',
      [...onA, pinned('host-b'), gone('host-a')],
      'host-a',
      'SANDBOX_PINNED',
      'host-b',
    ],
    ['where it is pinned, while another has it', [...onA, pinned('host-b')], 'host-b', 'PLACEMENT_CONFLICT', 'host-a'],
  ];
  for (const [what, given, by, code, owner] of claims) {
    it(`is not taken ${what}, and the answer names whose it is`, () => {
      const refusal = decideSandbox(report(by), fold(given));
      expect(refusal).to.be.instanceOf(ClaimRefusedError);
      expect(refusal).to.include({ category: 'conflict', code, owner });
    });
  }

  for (const [what, events, former] of [
    ['has had no agent before its first', onA, null],
    ['remembers who had it before it moved', [...onA, moved('host-a', 'host-b')], 'host-a'],
    ['remembers who released it', [...onA, released('host-a')], 'host-a'],
    ['remembers across a release who had it', [...onA, released('host-a'), placed('host-b')], 'host-a'],
    ['forgets that when the same agent has it again', [...onA, released('host-a'), placed('host-a')], null],
  ] as const) {
    it(what, () => {
      expect(fold(events)?.formerAgentId).to.equal(former);
    });
  }

  it('is pinned to where it is only if it is somewhere', () => {
    const nowhere = fold([...onA, released('host-a')]);
    expect(decideSandbox(pin(null), nowhere)).to.include({ category: 'conflict', code: 'SANDBOX_NOT_PLACED' });
    for (const command of [pin('host-a'), unpin]) {
      expect(decideSandbox(command, null)).to.include({ category: 'not-found', code: 'SANDBOX_NOT_FOUND' });
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

  const change = fc.constantFrom(
    ...[placed('host-a'), gone('host-a'), returned('host-a'), released('host-a'), moved('host-a', 'host-b')],
    ...[labelled({}), labelled({ tier: 'web' }), labelled({ tier: 'web', team: 'a' }), labelled({ team: 'a' })],
    ...[pinned('host-a'), pinned('host-b'), unpinned],
  );
  const since: readonly (readonly [what: keyof SandboxState, version: keyof SandboxState])[] = [
    ['labels', 'labelledSince'],
    ['agentId', 'placedSince'],
    ['pinnedTo', 'pinnedSince'],
  ];
  for (const [what, version] of since) {
    it(`knows since which version it has its ${what}: what a walk back over the stream finds`, () => {
      fc.assert(
        fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
          const states = [evolveSandbox(null, registered)];
          for (const event of changes) states.push(evolveSandbox(states.at(-1) ?? null, event));
          const last = states.at(-1);
          const other = states.findLast((state) => !isDeepStrictEqual(state[what], last?.[what]));
          expect(last?.[version]).to.equal((other?.version ?? 0) + 1);
        }),
      );
    });
  }

  const agents = ['host-a', 'host-b', 'host-c'] as const;
  const said = fc.oneof(
    fc.constantFrom(...agents).map((by) => report(by)),
    fc.constantFrom(...agents).map(reportGone),
    fc.constantFrom(...agents).map(release),
    fc.constantFrom(...agents, null).map(pin),
    fc.constant(unpin),
  );

  it('is with the last agent whose report was taken, and changes hands only when it was let go and no pin forbids it', () => {
    fc.assert(
      fc.property(fc.array(said, { maxLength: 40 }), (commands) => {
        let state: SandboxState | null = null;
        for (const command of commands) {
          const before: SandboxState | null = state;
          const decision = decideSandbox(command, before);
          if (decision instanceof DomainError) continue;
          state = decision.events.reduce<SandboxState | null>(evolveSandbox, before);
          if (state === null || before === null) continue;
          if (state.agentId === before.agentId) continue;
          if (state.agentId === null) {
            expect(command).to.include({ kind: 'ReleaseSandbox', agentId: before.agentId });
            continue;
          }
          expect(command).to.include({ kind: 'ReportSandbox', agentId: state.agentId });
          expect(before.agentId === null || !before.present).to.equal(true);
          expect([null, state.agentId]).to.include(before.pinnedTo);
          expect(state.formerAgentId).to.not.equal(state.agentId);
        }
      }),
    );
  });
});
