import { Link } from '@tanstack/react-router';
import type { Rule } from '../api/shapes.js';
import { shortId } from './rule-effect.js';

interface Props {
  readonly network: string;
  readonly rule: Pick<Rule, 'id' | 'since' | 'by'>;
}

/** A rule's id, and who wrote it. */
export function RuleMaker(props: Props) {
  return (
    <>
      <span className="third">
        <ShortRule id={props.rule.id} />
      </span>
      <div className="remark">
        <WrittenIn {...props} />
      </div>
    </>
  );
}

/** `v4 by user:ada`: the version that brought the rule, which leads to what it changed, and who wrote it. */
export function WrittenIn({ network, rule: { id, since, by } }: Props) {
  return (
    <>
      <Link
        className="mono"
        to="/networks/$network/history/diff"
        params={{ network }}
        search={{ from: String(since - 1), to: String(since) }}
        aria-label={`v${since}, which brought ${id}`}
      >
        v{since}
      </Link>
      {by !== null && (
        <>
          {' '}
          by <span className="mono anywhere">{by}</span>
        </>
      )}
    </>
  );
}

/** The whole id is in the page's title for it, and in the form that removes the rule. */
export function ShortRule({ id }: { readonly id: string }) {
  return (
    <span className="mono" title={id}>
      {shortId(id)}
    </span>
  );
}
