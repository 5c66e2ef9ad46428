import type { CheckDto } from '#libs/api-client/generated/types.gen.js';
import type { Verdict } from '../api/shapes.js';
import { type Phrase, Phrased, Prose, phrase, typed } from '../vocabulary/phrase.js';
import { Said } from '../vocabulary/state.js';
import { clockTime, duration } from '../vocabulary/times.js';
import { edgeOf, type Word, wordOf } from '../vocabulary/words.js';
import { CHECKS } from './check-words.js';
import { checkedBy, type Run } from './run-checks.js';
import { VerdictReasons } from './verdict-reasons.js';
import { verdictTitle } from './verdict-sentences.js';

/** The verdict, the first failed check with its remedy, and whether the policy is the cause. */
export function TestReceipt({
  network,
  run,
  verdict,
}: {
  readonly network: string;
  readonly run: Run;
  readonly verdict: Verdict;
}) {
  const checks = run.agents.flatMap((agent) => (agent.kind === 'answered' ? agent.checks : []));
  const disagreements = run.agents.flatMap((agent) => (agent.kind === 'answered' ? agent.disagreements : []));
  const isSilent =
    run.isStopped ||
    run.agents.some(({ kind }) => kind === 'refused') ||
    checks.some(({ status }) => status === 'unknown');
  const failure =
    checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null;
  const word = wordFor(run, verdict, failure, isSilent, disagreements.length > 0);
  return (
    <section
      className={`receipt ${edgeOf(word.tone === 'allow' ? 'off' : word.tone)}`}
      aria-label="Result"
      role="status"
    >
      <div className="summary">
        <Said word={word} />
        <span className="anywhere">
          <Phrased of={titleOf(run, verdict, failure)} />.
        </span>
        <span className="end remark unbroken">
          {clockTime(run.began, Date.now())}
          {run.ended === null ? ', asking' : `, ${duration(run.ended - run.began)}`}, at v{verdict.version}
        </span>
      </div>
      <div className="details columns">
        {failure !== null && (
          <div>
            <h2 className="small">
              {failure.status === 'fail' ? 'First check that failed' : 'First check that nobody answered'}
            </h2>
            <p className="anywhere">
              <span className="mono">{failure.code}</span> at <span className="mono">{checkedBy(failure)}</span>:{' '}
              {failure.evidence}
            </p>
          </div>
        )}
        {failure !== null && failure.remedy !== null && (
          <div>
            <h2 className="small">What to do</h2>
            <p className="anywhere">
              <Prose text={failure.remedy} />
            </p>
          </div>
        )}
        {disagreements.map(({ agentId, nodeId, evidence }) => (
          <div key={`${agentId} ${nodeId}`}>
            <h2 className="small">Decides otherwise</h2>
            <p className="anywhere">
              <span className="mono">{agentId ?? nodeId}</span>: {evidence}
            </p>
          </div>
        ))}
        <div>
          <h2 className="small">{reasonTitle(verdict, failure)}</h2>
          <VerdictReasons network={network} question={run.question} verdict={verdict} />
        </div>
      </div>
    </section>
  );
}

function reasonTitle(verdict: Verdict, failure: CheckDto | null): string {
  if (verdict.effect !== 'allow') return 'Why policy says no';
  return failure === null ? 'Why policy allows it' : 'Why policy is not the cause';
}

/** If the policy allows a connection that does not work, that is said first. */
function titleOf({ question }: Run, verdict: Verdict, failure: CheckDto | null): Phrase {
  if (verdict.effect !== 'allow' || failure?.status !== 'fail') return verdictTitle(verdict, question);
  const words = CHECKS.find(([code]) => code === failure.code)?.[1] ?? failure.code;
  return phrase`Policy allows it; “${words}” failed at ${typed(checkedBy(failure))}`;
}

function wordFor(run: Run, verdict: Verdict, failure: CheckDto | null, isSilent: boolean, isDisputed: boolean): Word {
  if (isDisputed) return { ...wordOf('unknown'), text: 'not known: an agent decides otherwise' };
  if (verdict.effect === 'deny') return wordOf(verdict.reason === 'EXPLICIT_DENY' ? 'deny' : 'no-rule');
  if (verdict.effect === 'mixed') return wordOf('mixed');
  if (failure?.status === 'fail') return { ...wordOf('fail'), text: 'does not work' };
  if (run.ended === null) return { ...wordOf('PENDING'), text: 'asking' };
  if (isSilent || failure !== null) return { ...wordOf('unknown'), text: 'not known' };
  return { ...wordOf('pass'), text: 'works' };
}
