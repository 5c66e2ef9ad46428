import type { UseQueryResult } from '@tanstack/react-query';
import { ProblemError } from '../api/client.js';
import type { FlowPair, Intent, Preview, Reach } from '../api/shapes.js';
import { shortId } from '../policy/rule-effect.js';
import { useRefusal } from '../session/session.js';
import { Age } from '../vocabulary/age.js';
import { Glyph } from '../vocabulary/glyph.js';
import { Prose } from '../vocabulary/phrase.js';
import { counted } from '../vocabulary/times.js';
import { useOverridingPreview } from './use-preview.js';

interface Props {
  readonly network: string;
  readonly preview: UseQueryResult<Preview>;
  /** What is previewed; null: the form is incomplete. */
  readonly intent: Intent | null;
  /** Problems about these fields are shown at the field itself. */
  readonly fields?: readonly string[];
}

/** What a write will cut and change, before it is sent. What agents did not answer is shown as unknown. */
export function PreviewPanel({ network, preview, intent, fields = [] }: Props) {
  const { data, error } = preview;
  if (error instanceof ProblemError) {
    if (error.field !== null && fields.includes(error.field)) {
      return (
        <div className="preview">
          <p className="remark">Refused: see the field above.</p>
        </div>
      );
    }
    return (
      <>
        <div className="preview" role="status">
          <p className="failed anywhere">
            {error.message} <span className="mono">{error.code}</span>
            {error.remedy !== null && (
              <span className="remark">
                {' '}
                <Prose text={error.remedy} />
              </span>
            )}
          </p>
        </div>
        {error.code === 'POLICY_TEST_BROKEN' && <Overridden network={network} intent={intent} />}
      </>
    );
  }
  if (data === undefined) {
    return (
      <div className="preview">
        <p className="remark">{intent !== null ? '…' : 'Fill in the fields to see what this will cut and change.'}</p>
      </div>
    );
  }
  return (
    <div className="preview" role="status">
      <WillCut cuts={data.cuts} />
      <WillChange network={network} preview={data} />
    </div>
  );
}

/** What the write does when an admin overrides the policy tests. */
function Overridden({ network, intent }: Pick<Props, 'network' | 'intent'>) {
  const mayOverride = useRefusal('admin', 'Overriding policy tests needs') === null;
  const { data } = useOverridingPreview(network, mayOverride ? intent : null);
  if (data === undefined) return null;
  return (
    <section aria-label="If the policy tests are overridden">
      <p className="fields">If you override the policy tests:</p>
      <div className="preview">
        <WillCut cuts={data.cuts} />
        <WillChange network={network} preview={data} />
      </div>
    </section>
  );
}

const MOST_LINES = 5;

function WillCut({ cuts }: { readonly cuts: Preview['cuts'] }) {
  const total = cuts.cut + cuts.kept;
  return (
    <div>
      <h2 className="small">Will be cut</h2>
      <p className="line">
        <Glyph name={cuts.cut > 0 ? 'deny' : 'skipped'} tone={cuts.cut > 0 ? 'deny' : 'off'} />
        <span>
          <b className="mono">{cuts.cut}</b> of {counted(total, 'open connection')} here, counted{' '}
          <Age at={cuts.countedAt} />
        </span>
      </p>
      <ul className="remark">
        {cuts.pairs.slice(0, MOST_LINES).map((pair) => (
          <li key={`${pair.from} ${pair.alias} ${pair.port} ${pair.sourceAgentId}`} className="anywhere">
            <PairText pair={pair} />
          </li>
        ))}
        {cuts.pairs.length > MOST_LINES && <li>{cuts.pairs.length - MOST_LINES + cuts.leftOut} more</li>}
        {cuts.notKnown.map(({ agentId, reason }) => (
          <li key={agentId} className="anywhere">
            not known: <span className="mono">{agentId}</span>: {reason}
          </li>
        ))}
      </ul>
    </div>
  );
}

function PairText({ pair }: { readonly pair: FlowPair & { readonly isCut: boolean } }) {
  const { from, alias, port, open, sourceAgentId, targetAgentId, oldestOpenedAt, ruleId, isCut } = pair;
  return (
    <>
      <span className="mono">{from}</span>
      {sourceAgentId !== null && ` on ${sourceAgentId}`} to{' '}
      <span className="mono">
        {alias}:{port}
      </span>
      {targetAgentId !== null && ` on ${targetAgentId}`}: {open}
      {isCut ? '' : ` ${open === 1 ? 'stays' : 'stay'}`}
      {!isCut && ruleId !== null && `, ${shortId(ruleId)} allows it`}
      {oldestOpenedAt !== null && (
        <>
          , oldest <Age at={oldestOpenedAt} />
        </>
      )}
    </>
  );
}

function WillChange({ network, preview }: { readonly network: string; readonly preview: Preview }) {
  const { gained, gainedLeftOut, lost, lostLeftOut, rules, version, changed, unchangedSince, warnings } = preview;
  const isNothing = gained.length + lost.length + rules.length === 0;
  return (
    <div>
      <h2 className="small">Will change</h2>
      {!changed && (
        <p>
          Nothing: this is so already
          {unchangedSince !== null && (
            <>
              {' '}
              since <span className="mono">v{unchangedSince}</span>
            </>
          )}
          .
        </p>
      )}
      {changed && isNothing && <p>Nobody gains or loses a way to anything now.</p>}
      <Reaches effect="allow" said="may then reach" reaches={gained} leftOut={gainedLeftOut} />
      <Reaches effect="deny" said="may then no longer reach" reaches={lost} leftOut={lostLeftOut} />
      {rules.slice(0, MOST_LINES).map(({ ruleId, after }) => (
        <p key={ruleId} className="line">
          <Glyph name="no-rule" tone="off" />
          <span>
            <span className="mono" title={ruleId}>
              {shortId(ruleId)}
            </span>{' '}
            {willDo(after)}
          </span>
        </p>
      ))}
      {warnings.map(({ message }) => (
        <p key={message} className="stale anywhere">
          {message}
        </p>
      ))}
      <p className="remark based">
        Based on <span className="mono">v{version}</span>. If {network} changes before you send, nothing is written and
        you see what changed.
      </p>
    </div>
  );
}

function willDo(idle: Preview['rules'][number]['after']): string {
  if (idle === null) return 'will do something again';
  return idle === 'OVERRIDDEN' ? 'will do nothing while a deny covers it' : 'will do nothing';
}

interface ReachesProps {
  readonly effect: 'allow' | 'deny';
  readonly said: string;
  readonly reaches: readonly Reach[];
  readonly leftOut: number;
}

function Reaches({ effect, said, reaches, leftOut }: ReachesProps) {
  const more = reaches.length - MOST_LINES + leftOut;
  return (
    <>
      {reaches.slice(0, MOST_LINES).map(({ from, alias, port }) => (
        <p key={`${from} ${alias} ${port}`} className="line">
          <Glyph name={effect} tone={effect} />
          <span className="anywhere">
            <span className="mono">{from}</span> {said}{' '}
            <span className="mono">
              {alias}:{port}
            </span>
          </span>
        </p>
      ))}
      {more > 0 && <p className="remark">{more} more</p>}
    </>
  );
}
