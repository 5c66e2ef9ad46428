import { expect } from 'chai';
import {
  contradiction,
  cutContradiction,
  type Dialled,
  heldContradiction,
  isSuspicion,
  type Sighting,
  type Statement,
} from '#test/truth/judge.js';
import type { Flow } from '#test/truth/model.js';
import type { Host } from '#test/truth/places.js';

/** From host-a to host-b. */
const ACROSS: Flow = { network: 'dev', source: 'sbx-web', alias: 'api', port: 80 };

const answered = (by: string): Dialled => ({ kind: 'answered', by });
const REFUSED: Dialled = { kind: 'unanswered', why: 'ECONNRESET' };

function seen(verdict: 'allow' | 'deny' | 'unknown', dialled: Dialled, obstacle: string | null = null): Sighting {
  return { flow: ACROSS, expected: { verdict, target: 'sbx-api' }, dialled, obstacle };
}

function followedBy(...hosts: Host[]): Statement {
  return { kind: 'applied', words: 'applied', network: 'dev', followedBy: hosts };
}

function tested(claims: 'reachable' | 'denied' | 'nothing'): Statement {
  return { kind: 'test', words: 'tested', flow: ACROSS, claims };
}

describe('the judge of the truth test', () => {
  const rows: readonly (readonly [title: string, statement: Statement, sighting: Sighting, wrong: RegExp | null])[] = [
    [
      'what both ends deny is answered',
      followedBy('host-a', 'host-b'),
      seen('deny', answered('sbx-api')),
      /denies .* answered/,
    ],
    ['what the source denies is answered', followedBy('host-a'), seen('deny', answered('sbx-api')), /answered/],
    ['what the target denies is answered', followedBy('host-b'), seen('deny', answered('sbx-api')), /answered/],
    [
      'a denial is broken, whatever stands in the way',
      followedBy('host-a'),
      seen('deny', answered('sbx-api'), 'no way between the hosts'),
      /answered/,
    ],
    ['nobody is said to follow it', followedBy(), seen('deny', answered('sbx-api')), null],
    ['a denial holds', followedBy('host-a', 'host-b'), seen('deny', REFUSED), null],
    ['what both ends allow is refused', followedBy('host-a', 'host-b'), seen('allow', REFUSED), /allows .* ECONNRESET/],
    ['what one end alone allows is refused', followedBy('host-a'), seen('allow', REFUSED), null],
    [
      'something lies in the way of what is allowed',
      followedBy('host-a', 'host-b'),
      seen('allow', REFUSED, 'stopped agent-host-b'),
      null,
    ],
    ['what is allowed is answered', followedBy('host-a', 'host-b'), seen('allow', answered('sbx-api')), null],
    [
      'what is allowed reaches another sandbox',
      followedBy('host-a', 'host-b'),
      seen('allow', answered('sbx-bob')),
      /reached sbx-bob, not sbx-api/,
    ],
    ['a write is not answered yet', followedBy('host-a', 'host-b'), seen('unknown', answered('sbx-api')), null],
    [
      'another network is meant',
      { kind: 'status', words: 'SYNCED', network: 'stage', followedBy: ['host-a', 'host-b'] },
      seen('deny', answered('sbx-api')),
      null,
    ],
    ['a test says reachable, and it is', tested('reachable'), seen('allow', answered('sbx-api')), null],
    ['a test says reachable, and it is not', tested('reachable'), seen('allow', REFUSED), /not answered: ECONNRESET/],
    [
      'a test says reachable past what lies in the way',
      tested('reachable'),
      seen('allow', REFUSED, 'no way between the hosts'),
      /not answered/,
    ],
    [
      'a test says reachable of another sandbox',
      tested('reachable'),
      seen('allow', answered('sbx-bob')),
      /not sbx-api/,
    ],
    ['a test says denied, and it is', tested('denied'), seen('deny', REFUSED), null],
    [
      'a test says denied, and it is answered',
      tested('denied'),
      seen('allow', answered('sbx-api')),
      /answered its dial/,
    ],
    ['a test says nothing for sure', tested('nothing'), seen('allow', REFUSED), null],
    [
      'a test is about another flow',
      { kind: 'test', words: 'tested', flow: { ...ACROSS, port: 7_000 }, claims: 'denied' },
      seen('allow', answered('sbx-api')),
      null,
    ],
  ];
  for (const [verdict, dialled, wrong] of [
    ['allow', answered('outside'), null],
    ['allow', answered('sbx-api'), /reached sbx-api, not outside/],
    ['allow', REFUSED, /allows .* ECONNRESET/],
    ['deny', answered('outside'), /denies sbx-web -> one.dev.example.com:80, and outside answered/],
    ['deny', REFUSED, null],
  ] as const) {
    const what = dialled.kind === 'answered' ? `answered by ${dialled.by}` : dialled.why;
    it(`${wrong === null ? 'takes' : 'finds'} a name outside, ${verdict}: ${what}`, () => {
      const flow = { ...ACROSS, alias: 'one.dev.example.com' };
      // The source's agent alone decides it.
      const found = contradiction(followedBy('host-a'), {
        ...seen(verdict, dialled),
        flow,
        expected: { verdict, target: null },
      });
      if (wrong === null) expect(found).to.equal(null);
      else expect(found).to.match(wrong);
    });
  }

  for (const [title, statement, sighting, wrong] of rows) {
    it(`${wrong === null ? 'lets pass' : 'finds'}: ${title}`, () => {
      const found = contradiction(statement, sighting);
      if (wrong === null) expect(found).to.equal(null);
      else expect(found).to.match(wrong);
    });
  }

  for (const [title, verdict, isAlive, hosts, wrong] of [
    ['what is denied still carries bytes', 'deny', true, ['host-a'], true],
    ['what is denied was cut', 'deny', false, ['host-a', 'host-b'], false],
    ['what is allowed still carries bytes', 'allow', true, ['host-a', 'host-b'], false],
    ['nobody is said to follow the denial', 'deny', true, [], false],
  ] as const) {
    it(`${wrong ? 'finds' : 'lets pass'} of an open connection: ${title}`, () => {
      const sighting = { flow: ACROSS, expected: { verdict, target: 'sbx-api' }, isAlive } as const;
      expect(heldContradiction(followedBy(...hosts), sighting) !== null).to.equal(wrong);
    });
  }

  for (const [title, count, wrong] of [
    ['as many cut as ended', { claimed: 2, cut: 2, lost: 0, isCalm: true }, null],
    ['one more cut, whose end may not have been seen', { claimed: 2, cut: 1, lost: 0, unseen: 1, isCalm: true }, null],
    ['more cut than ended', { claimed: 1, cut: 0, lost: 0, isCalm: false }, /0 connections ended/],
    ['fewer cut than ended', { claimed: 0, cut: 1, lost: 0, isCalm: true }, /1 connections ended that .* denies/],
    ['fewer cut than ended while an agent is away', { claimed: 0, cut: 1, lost: 0, isCalm: false }, null],
    ['what is allowed ended for no reason', { claimed: 0, cut: 0, lost: 1, isCalm: true }, /allows/],
    ['what is allowed ended with its agent', { claimed: 0, cut: 0, lost: 1, isCalm: false }, null],
  ] as const) {
    it(`${wrong === null ? 'lets pass' : 'finds'} of a number of cuts: ${title}`, () => {
      const found = cutContradiction({ words: 'cut', unseen: 0, ...count });
      if (wrong === null) expect(found).to.equal(null);
      else expect(found).to.match(wrong);
    });
  }

  it('has a failed dial made again, never one that was answered', () => {
    expect(isSuspicion(seen('allow', REFUSED), followedBy('host-a', 'host-b'))).to.equal(true);
    expect(isSuspicion(seen('allow', REFUSED), tested('reachable'))).to.equal(true);
    expect(isSuspicion(seen('deny', answered('sbx-api')), followedBy('host-a'))).to.equal(false);
    expect(isSuspicion(seen('allow', answered('sbx-bob')), tested('reachable'))).to.equal(false);
  });
});
