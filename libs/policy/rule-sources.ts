import type { UserName } from '#libs/contracts/ids.js';
import { formatSelector, type Selector } from '#libs/contracts/selectors.js';
import type { NetworkView } from './model.js';
import type { PolicySource } from './policy-source.js';
import { sourcesOf } from './selector-match.js';

/** The users of local nodes that a rule names, in order; policy treats all others alike. */
export function namedUsers(view: Pick<NetworkView, 'rules'>): readonly UserName[] {
  const users = [...view.rules.values()].flatMap(({ from }) => (from.kind === 'local-user' ? [from.user] : []));
  return [...new Set(users)].sort();
}

/**
 * The sources that each selector of a view's rules matches: attached sandboxes, users of local nodes that rules name,
 * and one for all other users. Each selector is evaluated once.
 */
export class RuleSources {
  private readonly known = new Map<string, readonly PolicySource[]>();
  private readonly users: readonly UserName[];

  constructor(private readonly view: NetworkView) {
    this.users = namedUsers(view);
  }

  of(selector: Selector): readonly PolicySource[] {
    const key = formatSelector(selector);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const found = this.find(selector);
    this.known.set(key, found);
    return found;
  }

  private find(selector: Selector): readonly PolicySource[] {
    switch (selector.kind) {
      case 'local':
        return [null, ...this.users].map((user) => ({ kind: 'local', user }));
      case 'local-user':
        return [{ kind: 'local', user: selector.user }];
      case 'sandbox':
        return this.view.sandboxes.has(selector.sandboxId) ? [selector] : [];
      case 'alias': {
        const sandboxId = this.view.aliases.get(selector.alias)?.sandboxId;
        return sandboxId === undefined || !this.view.sandboxes.has(sandboxId) ? [] : [{ kind: 'sandbox', sandboxId }];
      }
      case 'any':
      case 'label':
        return sourcesOf(this.view, selector);
    }
  }
}

/** A selector that matches this source only; `local` for a local node whose user no rule names. */
export function selectorTextOf(source: PolicySource): string {
  if (source.kind === 'sandbox') return formatSelector(source);
  return formatSelector(source.user === null ? { kind: 'local' } : { kind: 'local-user', user: source.user });
}
