import type { TestResultDto } from '#libs/api-client/generated/index.js';
import { EXIT } from '../errors/exit-codes.js';
import type { Screen } from '../output/screen.js';
import { pad, width } from '../output/wrap.js';
import { askedEnds, isProblem } from './asked-ends.js';
import { checkMatrix } from './check-matrix.js';
import type { Destination } from './destination.js';
import type { Judgement } from './judge.js';
import { becauseText, isVerdictItself, missText, verdictLine, whoAtWhichEnd } from './verdict-text.js';

type Check = TestResultDto['checks'][number];

export interface AskedConnection {
  readonly network: string;
  readonly from: string;
  readonly to: Destination<string>;
}

/** Column of the version on the first line, if there is room. */
const VERSION_COLUMN = 47;
/** Further problems shown on a terminal, and checks named for one problem. */
const MOST_PROBLEMS = 5;
const MOST_CODES = 3;

/** The result of a test, for people. */
export function showTest(
  screen: Screen,
  asked: AskedConnection,
  result: TestResultDto,
  judgement: Judgement,
  nowMs: number,
): void {
  showVerdict(screen, asked, result, nowMs);
  const { firstFailure } = result;
  const isAsWanted = judgement.exitCode === EXIT.ok;
  // A failure that only repeats the verdict gets no line of its own; its remedy is beside the reason.
  if (firstFailure !== null && !isAsWanted && isVerdictItself(firstFailure)) {
    const label = firstFailure.remedy !== null && result.rule?.effect === 'deny' ? 'undo     ' : 'try      ';
    if (firstFailure.remedy !== null) screen.advice(`  ${label}`, firstFailure.remedy);
  }
  showMembers(screen, result);
  showChecks(screen, asked, result);
  if (!isAsWanted) showProblems(screen, result);
  if (judgement.exitCode !== EXIT.denied) {
    screen.sentence('', judgement.summary, judgement.exitCode === EXIT.ok ? 'good' : 'bad');
  }
}

function showVerdict(screen: Screen, { network, from, to }: AskedConnection, result: TestResultDto, nowMs: number) {
  const { verdict } = result;
  const head = verdictLine(verdict, from, to);
  const version = `${network} version ${verdict.version}`;
  const tone = verdict.effect === 'allow' ? 'good' : 'bad';
  const column = Math.min(VERSION_COLUMN, screen.width - width(version));
  if (width(head) + 2 <= column) {
    screen.line(pad(head, column) + version, tone);
  } else {
    const [before = '', after = ''] = head.split(' -> ');
    if (width(head) <= screen.width) screen.line(head, tone);
    else for (const line of [before, `  -> ${after}`]) screen.line(line, tone);
    screen.line(`  ${version}`);
  }
  screen.sentence('  because  ', becauseText(result, to, nowMs));
  for (const miss of verdict.nearMisses) screen.sentence('  near miss: ', missText(miss, to));
}

function showMembers(screen: Screen, { verdict }: TestResultDto): void {
  if (verdict.members.length === 0) return;
  screen.line('');
  screen.table(verdict.members, [
    { heading: 'SOURCE', cell: ({ source }) => source },
    { heading: 'VERDICT', cell: ({ effect }) => effect },
    { heading: 'REASON', cell: ({ reason }) => reason, leavesAt: 1 },
    { heading: 'RULE', cell: ({ ruleId }) => ruleId },
  ]);
  screen.line('');
}

function showChecks(screen: Screen, { from, to }: AskedConnection, result: TestResultDto): void {
  const ends = askedEnds(result, from, to);
  const { lines, leftOut } = checkMatrix(ends, result.verdict.version, screen.width);
  for (const line of lines) screen.line(line);
  const silent = leftOut.filter(({ standing }) => standing === 'silent').length;
  const counts = [
    ...(leftOut.length > silent ? [`${hosts(leftOut.length - silent)} without a problem`] : []),
    ...(silent > 0 ? [`${hosts(silent)} that did not answer`] : []),
  ];
  if (counts.length > 0) screen.sentence('  left out: ', `${counts.join(', ')}; --verbose shows all`, 'quiet');
  for (const own of alike(result.checks.filter(isSkippedByNobody))) {
    screen.sentence('  skipped  ', told(own));
    tellRemedy(screen, '    try: ', own);
  }
  if (!screen.isVerbose) return;
  screen.line('');
  screen.table(result.checks, [
    { heading: 'ASKED', cell: whoAtWhichEnd },
    { heading: 'CHECK', cell: ({ code }) => code },
    { heading: 'STATUS', cell: ({ status }) => status },
    { heading: 'EVIDENCE', cell: ({ evidence }) => evidence },
    { heading: 'REMEDY', cell: ({ remedy }) => remedy },
  ]);
  screen.line('');
}

function showProblems(screen: Screen, result: TestResultDto): void {
  const { checks, firstFailure, disagreements } = result;
  if (firstFailure !== null && !isVerdictItself(firstFailure)) {
    const who = whoAtWhichEnd(firstFailure) ?? 'control plane';
    screen.sentence('first failure: ', `${who} ${firstFailure.code}: ${firstFailure.evidence}`, 'bad');
    if (firstFailure.remedy !== null) screen.advice('  try: ', firstFailure.remedy);
  }
  const isTold = (check: Check) =>
    firstFailure !== null && check.evidence === firstFailure.evidence && check.nodeId === firstFailure.nodeId;
  const others = [...disagreements, ...checks].filter(
    (check) => (isProblem(check, result) || disagreements.includes(check)) && !isVerdictItself(check) && !isTold(check),
  );
  const groups = alike([...new Set(others)]);
  const shown = screen.width === Number.POSITIVE_INFINITY ? groups : groups.slice(0, MOST_PROBLEMS);
  for (const own of shown) {
    screen.sentence('also: ', `${(own[0] && whoAtWhichEnd(own[0])) ?? 'control plane'} ${told(own)}`, 'bad');
    tellRemedy(screen, '  try: ', own);
  }
  if (shown.length < groups.length)
    screen.line(`and ${groups.length - shown.length} more; --verbose shows all`, 'quiet');
}

/** Checks that nobody was asked, such as those of a machine that has not joined. */
function isSkippedByNobody({ agentId, nodeId, status }: Check): boolean {
  return agentId === null && nodeId === null && status === 'skipped';
}

/** Groups the checks of one end with the same finding. */
function alike(checks: readonly Check[]): readonly (readonly Check[])[] {
  const groups = new Map<string, Check[]>();
  for (const check of checks) {
    const key = JSON.stringify([whoAtWhichEnd(check), check.evidence]);
    groups.set(key, [...(groups.get(key) ?? []), check]);
  }
  return [...groups.values()];
}

/** `DNS_LOADED: no records`, or `8 checks: agent host-b did not answer` */
function told(own: readonly Check[]): string {
  const codes = own.length > MOST_CODES ? `${own.length} checks` : own.map(({ code }) => code).join(', ');
  return `${codes}: ${own[0]?.evidence ?? ''}`;
}

function tellRemedy(screen: Screen, head: string, own: readonly Check[]): void {
  const remedy = own[0]?.remedy ?? null;
  if (remedy !== null) screen.advice(head, remedy);
}

function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
