import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { aliasesQuery, egressRulesQuery, rulesQuery } from '../api/queries.js';
import type { Question, Verdict } from '../api/shapes.js';
import { Phrased, plain } from '../vocabulary/phrase.js';
import { sentences } from './verdict-sentences.js';

interface Props {
  readonly network: string;
  readonly question: Question;
  readonly verdict: Verdict;
}

/** The rules behind a verdict; each links to where it can be removed. */
export function VerdictReasons({ network, question, verdict }: Props) {
  // Aliases and names outside have separate rules; only the latter have a dot.
  const isOutside = question.alias.includes('.');
  const inside = useQuery(rulesQuery(network)).data ?? [];
  const outside = useQuery({ ...egressRulesQuery(network), enabled: isOutside }).data ?? [];
  const rules = isOutside ? outside : inside;
  const aliases = useQuery(aliasesQuery(network)).data ?? [];
  const published = aliases.find(({ alias }) => alias === question.alias)?.ports.map((port) => port.published) ?? [];
  return (
    <ul>
      {sentences(verdict, question, rules, published).map((sentence) => (
        <li key={plain(sentence)} className="anywhere">
          <Phrased
            of={sentence}
            ofRule={(rule) => (
              <Link
                className="mono"
                to={isOutside ? '/networks/$network/egress' : '/networks/$network/policy'}
                params={{ network }}
                search={{ rule }}
              >
                {rule}
              </Link>
            )}
          />
        </li>
      ))}
      <li className="remark">
        Decided by the rules of <span className="mono">v{verdict.version}</span>.{' '}
        <Link
          to="/networks/$network/history/explain"
          params={{ network }}
          search={{ from: question.from, to: question.alias, port: String(question.port) }}
        >
          Since when, and before
        </Link>
      </li>
    </ul>
  );
}
