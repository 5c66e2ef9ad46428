import { parseAliasName, parseSandboxId } from '#libs/contracts/ids.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowQuestion, NetworkView } from '#libs/policy/model.js';
import { networkView } from '#test/support/network-view.js';
import { type BenchRow, median } from './report.js';

const RULES = 10_000;
const ALIASES = 1_000;
const SANDBOXES = 100;
const TURNS = 15;
const QUESTIONS_A_TURN = 200_000;
const START_MS = Date.parse('2026-01-31T10:00:00.000Z');
const HOUR_MS = 3_600_000;

const sandbox = (index: number) => `sbx-${index % SANDBOXES}`;
const alias = (index: number) => `a${index % ALIASES}`;

/** Every this many rules, one ends an hour after the start; 0: none ends. */
function view(everyEnding: number): NetworkView {
  const until = new Date(START_MS + HOUR_MS).toISOString();
  const isEnding = (index: number) => everyEnding > 0 && index % everyEnding === 0;
  return networkView({
    version: 1,
    sandboxes: Object.fromEntries(Array.from({ length: SANDBOXES }, (_, index) => [sandbox(index), 'host-a'])),
    aliases: Object.fromEntries(
      Array.from({ length: ALIASES }, (_, index) => [alias(index), { sandbox: sandbox(index), ports: [80] }]),
    ),
    allow: Array.from(
      { length: RULES },
      (_, index) =>
        `sandbox:${sandbox(index)} ${alias(Math.floor(index / 10))} 80${isEnding(index) ? ` until=${until}` : ''}`,
    ),
  });
}

const questions = Array.from({ length: 1_000 }, (_, index): FlowQuestion => {
  const sandboxId = parseSandboxId(sandbox(index), 'sandbox');
  return { source: { kind: 'sandbox', sandboxId }, alias: parseAliasName(alias(index * 7), 'alias'), port: 80 };
});

/** Nanoseconds for each of many verdicts that are already cached. */
function kept(of: NetworkView, nowMs: number): number {
  const began = performance.now();
  for (let index = 0; index < QUESTIONS_A_TURN; index += 1) {
    const asked = questions[index % questions.length];
    if (asked !== undefined) evaluate(of, asked, nowMs);
  }
  return ((performance.now() - began) * 1e6) / QUESTIONS_A_TURN;
}

/** Microseconds of the first verdict on a view some of whose rules have ended since the last one. */
function firstAfterEnd(everyEnding: number): number {
  const of = view(everyEnding);
  const [asked] = questions;
  if (asked === undefined) return Number.NaN;
  evaluate(of, asked, START_MS);
  const began = performance.now();
  evaluate(of, asked, START_MS + HOUR_MS);
  return (performance.now() - began) * 1e3;
}

/**
 * What ends of rules cost `evaluate` among 10,000 rules. Measured in turns, so that all see the same state of the
 * machine.
 */
export default async function policy(): Promise<readonly BenchRow[]> {
  const cases = [
    { name: 'no rule ends', of: view(0), nowMs: START_MS },
    { name: 'every tenth ends later', of: view(10), nowMs: START_MS },
    { name: 'every tenth has ended', of: view(10), nowMs: START_MS + HOUR_MS },
  ].map((each) => ({ ...each, nanoseconds: [] as number[] }));
  for (const each of cases) kept(each.of, each.nowMs);
  for (let turn = 0; turn < TURNS; turn += 1) {
    for (const each of cases) each.nanoseconds.push(kept(each.of, each.nowMs));
  }
  const plain = median(cases[0]?.nanoseconds ?? []);
  const ended = [1, 1_000].map((ending) => median(Array.from({ length: TURNS }, () => firstAfterEnd(RULES / ending))));
  return [
    ...cases.map(({ name, nanoseconds }) => ({
      work: `a verdict asked for before, ${RULES} rules, ${name}`,
      budget: '1.1x of none that ends',
      measured: `${median(nanoseconds).toFixed(0)} ns, ${(median(nanoseconds) / plain).toFixed(2)}x`,
      peer: `${plain.toFixed(0)} ns`,
      met: median(nanoseconds) <= 1.1 * plain,
    })),
    ...[1, 1_000].map((ending, index) => ({
      work: `the first verdict after ${ending} of ${RULES} rules ended`,
      budget: '-',
      measured: `${ended[index]?.toFixed(0)} us`,
      peer: '-',
    })),
  ];
}
