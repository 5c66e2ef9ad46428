import { formatSelector } from '#libs/contracts/selectors.js';
import { evaluateSource } from './evaluate.js';
import type { NetworkView } from './model.js';
import { compareText } from './order.js';
import type { PolicySource } from './policy-source.js';

/** What two views of a network let through differently: each line `<source> -> <alias>:<port>`, in order. */
export interface ReachabilityChange {
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

/** What `after` lets through and `before` does not, and the other way round; null: there is no such network. */
export function reachabilityChange(before: NetworkView | null, after: NetworkView | null): ReachabilityChange {
  const users = [...namedUsers(before), ...namedUsers(after)];
  const [had, has] = [reachability(before, users), reachability(after, users)];
  return {
    gained: [...has].filter((line) => !had.has(line)).sort(compareText),
    lost: [...had].filter((line) => !has.has(line)).sort(compareText),
  };
}

/**
 * Everything that a view lets through, by the function that decides live traffic. Of local nodes, those users are told
 * apart that a rule names. A port that no rule allows costs nothing.
 */
function reachability(view: NetworkView | null, users: readonly PolicySource[]): ReadonlySet<string> {
  const reached = new Set<string>();
  if (view === null) return reached;
  const sources: readonly PolicySource[] = [
    ...[...view.sandboxes.keys()].map((sandboxId) => ({ kind: 'sandbox', sandboxId }) as const),
    { kind: 'local', user: null },
    ...users,
  ];
  const allowed = new Set(
    [...view.rules.values()].flatMap(({ effect, to, port }) => (effect === 'allow' ? [`${to}:${port}`] : [])),
  );
  for (const { alias, ports } of view.aliases.values()) {
    for (const { published } of ports) {
      const target = `${alias}:${published}`;
      if (!allowed.has(target)) continue;
      for (const source of sources) {
        if (evaluateSource(view, source, alias, published).effect === 'allow')
          reached.add(`${named(source)} -> ${target}`);
      }
    }
  }
  return reached;
}

function namedUsers(view: NetworkView | null): readonly PolicySource[] {
  return [...(view?.rules.values() ?? [])].flatMap(({ from }) =>
    from.kind === 'local-user' ? [{ kind: 'local', user: from.user } as const] : [],
  );
}

/** As a selector that stands for this source alone. */
function named(source: PolicySource): string {
  if (source.kind === 'sandbox') return formatSelector({ kind: 'sandbox', sandboxId: source.sandboxId });
  return source.user === null ? 'local' : formatSelector({ kind: 'local-user', user: source.user });
}
