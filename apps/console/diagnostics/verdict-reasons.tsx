import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { aliasesQuery, rulesQuery } from '../api/queries.js';
import type { Verdict } from '../api/shapes.js';
import type { Question } from './run-checks.js';
import { sentences } from './verdict-sentences.js';

interface Props {
  readonly network: string;
  readonly question: Question;
  readonly verdict: Verdict;
}

/** Why, rule by rule; each rule is a link to where it can be removed. */
export function VerdictReasons({ network, question, verdict }: Props) {
  const rules = useQuery(rulesQuery(network)).data ?? [];
  const aliases = useQuery(aliasesQuery(network)).data ?? [];
  const published = aliases.find(({ alias }) => alias === question.alias)?.ports.map((port) => port.published) ?? [];
  return (
    <ul>
      {sentences(verdict, question, rules, published).map(({ text, ruleId }) => (
        <li key={text} className="anywhere">
          {text}{' '}
          {ruleId !== null && (
            <Link
              className="remark"
              to="/networks/$network/policy"
              params={{ network }}
              search={{ rule: ruleId }}
              aria-label={`show ${ruleId}`}
            >
              show
            </Link>
          )}
        </li>
      ))}
      <li className="remark">
        Decided by the rules of <span className="mono">v{verdict.version}</span>.
      </li>
    </ul>
  );
}
