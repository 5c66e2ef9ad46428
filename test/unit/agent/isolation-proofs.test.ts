import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { expect } from 'chai';
import type { Dials, ForbiddenDials } from '#apps/agent/sandboxes/inspection/inspection.js';
import { IsolationProofs, nextDue } from '#apps/agent/sandboxes/inspection/isolation-proofs.js';
import type { SandboxReport } from '#libs/contracts/bus/from-member/inventory.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { waitFor } from '#test/support/wait.js';

const MINUTE_MS = 60_000;
const idOf = (name: string) => parseSandboxId(name, 'sandbox');
const dials = (dialled: number, reached: readonly string[] = []): Dials => ({ dialled, reached });
const KEPT_APART = { kind: 'kept apart', evidence: 'nothing is reached' } as const;
const REACHED = { kind: 'reached', evidence: 'something is reached', remedy: 'end it' } as const;

function report(name: string, change: Partial<SandboxReport> = {}): SandboxReport {
  return {
    ...{ sandboxId: idOf(name), address: '10.76.0.2', source: 'verified', dns: 'active', dnsRemedy: null },
    ...{ isolation: 'enforced', isolationEvidence: null, isolationRemedy: null },
    ...{ namespace: null, container: null, paused: false },
    ...change,
  };
}

const proof = (atMs: number, judged: typeof KEPT_APART | typeof REACHED = KEPT_APART, place = '10.76.0.2  ') => ({
  place,
  atMs,
  judged,
  isShared: false,
});

describe('the next dial that must fail', () => {
  const rows: readonly (readonly [string, Partial<SandboxReport>, ReturnType<typeof proof> | null, number | null])[] = [
    ['of one that was never tried is due a moment after the last of any', {}, null, 1_250],
    ['of one that was tried is due after a minute', {}, proof(1_000), 61_000],
    ['of one that was tried at another address is due now', {}, proof(1_000, KEPT_APART, '10.76.0.9  '), 1_250],
    ['of one that was seen to be broken is due soon', {}, proof(1_000, REACHED), 6_000],
    ['of one that its driver calls advisory never is', { isolation: 'advisory' }, null, null],
    ['of one whose rules are not in force never is', { isolation: 'broken' }, null, null],
  ];
  for (const [what, change, before, atMs] of rows) {
    it(what, () => {
      const proofs = new Map(before === null ? [] : [[idOf('sbx-web'), before] as const]);
      expect(nextDue([report('sbx-web', change)], proofs, 1_000)?.atMs ?? null).to.equal(atMs);
    });
  }

  it('of what was tried for many at once is due after a minute, however many there are', () => {
    const reports = Array.from({ length: 500 }, (_, number) => report(`sbx-${number}`));
    const proofs = new Map(reports.map(({ sandboxId }) => [sandboxId, { ...proof(1_000), isShared: true }]));
    expect(nextDue(reports, proofs, 1_000)?.atMs).to.equal(61_000);
  });

  for (const [count, withinMs, mostAMinute] of [
    [1, MINUTE_MS, 1],
    [20, MINUTE_MS, 20],
    [60, 4.5 * MINUTE_MS, 40],
  ] as const) {
    it(`comes to each of ${count} sandboxes within ${withinMs / 1_000} s, and to ${mostAMinute} of them a minute at most`, () => {
      const reports = Array.from({ length: count }, (_, number) => report(`sbx-${number}`));
      const proofs = new Map<SandboxId, ReturnType<typeof proof>>();
      const repeated: number[] = [];
      let nowMs = 0;
      while (nowMs < 10 * MINUTE_MS) {
        const due = nextDue(reports, proofs, nowMs);
        if (due === null) throw new Error('nothing is due');
        nowMs = Math.max(nowMs, due.atMs);
        const before = proofs.get(due.report.sandboxId);
        if (before !== undefined) {
          expect(nowMs - before.atMs).to.be.at.most(withinMs);
          repeated.push(nowMs);
        }
        proofs.set(due.report.sandboxId, proof(nowMs));
      }
      for (const at of repeated) {
        expect(repeated.filter((other) => other >= at && other < at + MINUTE_MS).length).to.be.at.most(mostAMinute);
      }
      expect(proofs.size).to.equal(count);
    });
  }
});

describe('proofs of isolation', () => {
  let proofs: IsolationProofs;
  let present: readonly SandboxReport[] = [];
  let found: () => Promise<ForbiddenDials>;
  let told = 0;

  beforeEach(() => {
    told = 0;
    proofs = new IsolationProofs({
      reports: () => present,
      dial: () => found(),
      changed: () => {
        told += 1;
      },
      nowMs: () => performance.now(),
    });
  });

  afterEach(() => proofs.close());

  const answer = (neighbours: Dials, host: Dials) => async (): Promise<ForbiddenDials> => ({
    kind: 'dialled',
    inPlace: null,
    madeFor: null,
    neighbours,
    host,
  });
  const tried = (name: string) =>
    waitFor(`${name} was tried`, () =>
      proofs.reports().find(({ sandboxId, isolationEvidence }) => sandboxId === name && isolationEvidence !== null),
    );

  it('say what was dialled from a sandbox that reaches nothing', async () => {
    found = answer(dials(2), dials(3));
    present = [report('sbx-web'), report('sbx-api')];
    proofs.sandboxesChanged();
    expect(await tried('sbx-api')).to.deep.include({
      isolation: 'enforced',
      isolationEvidence: 'sbx-api reaches none of 2 addresses of its neighbours and 3 services of its host directly',
    });
    expect(told).to.equal(0);
  });

  it('tell at once of a sandbox that reaches something, with what it is and what to do', async () => {
    found = answer(dials(2), dials(3, ['10.76.0.1:9999']));
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    const { isolation, isolationEvidence, isolationRemedy } = await tried('sbx-web');
    expect(isolation).to.equal('broken');
    expect(isolationEvidence).to.equal('sbx-web reaches 10.76.0.1:9999 of its host without the proxy');
    expect(isolationRemedy).to.be.a('string');
    expect(told).to.equal(1);
  });

  it('of a sandbox that is on another network too are forgotten when it is not any more, and it is tried again', async () => {
    found = answer(dials(2), dials(3, ['10.76.0.1:9999']));
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    await tried('sbx-web');
    present = [report('sbx-web', { isolation: 'advisory', isolationEvidence: 'on another network too' })];
    proofs.sandboxesChanged();
    expect(proofs.reports()).to.deep.equal(present);
    found = answer(dials(2), dials(3));
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    expect(proofs.reports()).to.deep.equal(present);
    expect(await tried('sbx-web')).to.have.property('isolation', 'enforced');
  });

  it('do not count that ended while the sandbox was on another network too', async () => {
    const dialled = Promise.withResolvers<ForbiddenDials>();
    let dialling = false;
    found = () => {
      dialling = true;
      return dialled.promise;
    };
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    await waitFor('it is dialled from', () => dialling);
    present = [report('sbx-web', { isolation: 'advisory' })];
    proofs.sandboxesChanged();
    dialled.resolve(await answer(dials(2), dials(3, ['10.76.0.1:9999']))());
    // What waits for the answer goes on first.
    await turnOfTheLoop();
    present = [report('sbx-web')];
    expect(proofs.reports()).to.deep.equal(present);
    expect(told).to.equal(0);
  });

  it('count for all sandboxes that the dials were made for, and for no other', async () => {
    let asked = 0;
    found = async () => {
      asked += 1;
      const madeFor = asked === 1 ? new Set(['10.76.0.2', '10.76.0.3']) : new Set(['10.76.0.4']);
      return { ...(await answer(dials(2), dials(3, asked === 1 ? ['10.76.0.1:9999'] : []))()), madeFor };
    };
    const addresses = { 'sbx-web': '10.76.0.2', 'sbx-api': '10.76.0.3', 'sbx-late': '10.76.0.4' };
    present = Object.entries(addresses).map(([name, address]) => report(name, { address }));
    proofs.sandboxesChanged();
    await tried('sbx-late');
    expect(proofs.reports().map(({ isolation }) => isolation)).to.deep.equal(['broken', 'broken', 'enforced']);
    expect([asked, told]).to.deep.equal([2, 1]);
  });

  it('leave out what was found of a sandbox that is elsewhere now', async () => {
    found = answer(dials(2), dials(3, ['10.76.0.1:9999']));
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    await tried('sbx-web');
    present = [report('sbx-web', { address: '10.76.0.9' })];
    expect(proofs.reports()).to.deep.equal(present);
  });

  it('say why nothing could be dialled, and do not call that broken', async () => {
    found = () => Promise.reject(new Error('nsenter: no such file'));
    present = [report('sbx-web')];
    proofs.sandboxesChanged();
    expect(await tried('sbx-web')).to.deep.include({
      isolation: 'enforced',
      isolationEvidence: 'not tested from sbx-web: nsenter: no such file',
    });
  });
});
