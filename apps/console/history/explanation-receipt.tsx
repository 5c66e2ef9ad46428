import { Link } from '@tanstack/react-router';
import type { Explanation, Question } from '../api/shapes.js';
import { sentences } from '../diagnostics/verdict-sentences.js';
import { Phrased, Prose, plain } from '../vocabulary/phrase.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { MadeBy, Moment, VersionSpan } from './moment.js';
import { wordOfVerdict } from './verdict-word.js';

interface Props {
  readonly network: string;
  readonly question: Question;
  readonly explanation: Explanation;
}

/** What was decided, by which rule of whose making, and what the agents at both ends had applied by then. */
export function ExplanationReceipt({ network, question, explanation }: Props) {
  const { at, verdict, rule, remedy } = explanation;
  return (
    <section
      className={`receipt ${verdict.reason === 'EXPLICIT_DENY' ? 'deny-edge' : 'off-edge'}`}
      aria-label="Explanation"
    >
      <div className="summary">
        <Said word={wordOfVerdict(verdict)} />
        <span className="anywhere">
          <span className="mono">{`${question.from} → ${question.alias}:${question.port}`}</span>
        </span>
        <span className="end remark">
          <VersionSpan of={at} />
        </span>
      </div>
      <div className="details columns">
        <div>
          <h2 className="small">Why</h2>
          <ul>
            {sentences(verdict, question, [], null).map((sentence) => (
              <li key={plain(sentence)} className="anywhere">
                <Phrased of={sentence} />
              </li>
            ))}
          </ul>
          {remedy !== null && (
            <p className="anywhere">
              <Prose text={remedy} />
            </p>
          )}
        </div>
        {rule !== null && (
          <div>
            <h2 className="small">Who made the rule</h2>
            <p className="mono anywhere">{rule.text}</p>
            <p>
              <MadeBy change={rule.made} />
            </p>
            {rule.made.version > 1 && (
              <Link
                className="second"
                to="/networks/$network/history/diff"
                params={{ network }}
                search={{ from: String(rule.made.version - 1), to: String(rule.made.version) }}
              >
                what it changed
              </Link>
            )}
          </div>
        )}
      </div>
      <div className="details">
        <h2 className="small">
          What was applied where, by <Moment at={explanation.appliedBy} />
        </h2>
        <Enforced agents={explanation.agents} />
      </div>
    </section>
  );
}

function Enforced({ agents }: Pick<Explanation, 'agents'>) {
  if (agents.length === 0) return <p>No agent held the source or the target then.</p>;
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Agent</th>
          <th scope="col">End</th>
          <th scope="col">Version</th>
          <th scope="col" className="wide-only">
            Since
          </th>
          <th scope="col">Decided</th>
        </tr>
      </thead>
      <tbody>
        {agents.map(({ agentId, roles, version, appliedAt, effect }) => (
          <tr key={agentId}>
            <td className="mono strong">{agentId}</td>
            <td>{roles.join(', ')}</td>
            <td className="mono">{version === null ? 'none' : `v${version}`}</td>
            <td className="wide-only">{appliedAt === null ? '' : <Moment at={appliedAt} />}</td>
            <td>
              {effect === null ? (
                <Said word={{ ...wordOf('no-rule'), text: 'deny: nothing applied' }} />
              ) : (
                <Said word={wordOf(effect)} />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
