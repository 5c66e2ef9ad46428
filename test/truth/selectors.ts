import type { Selector } from '#libs/contracts/selectors.js';
import { type Sandbox, TEAMS } from './places.js';
import type { Random } from './random.js';

/** A sandbox with all properties that a selector may match. */
export interface Source {
  readonly sandbox: Sandbox;
  readonly labels: { readonly [key: string]: string };
  /** What it publishes in the network of the rule. */
  readonly aliases: readonly string[];
}

interface SelectorKind {
  /** How many selectors in ten are of this kind. */
  readonly inTen: number;
  /** A selector of this kind; null if none of this kind could match the sandbox. */
  readonly write: (source: Pick<Source, 'sandbox' | 'aliases'>, random: Random) => string | null;
  /** Whether a selector matches the source; null for a text of another kind. */
  readonly means: (text: string, source: Source) => boolean | null;
}

/**
 * The kinds of selectors, as the truth test writes and understands them; only their names come from the product. Kinds
 * that match no sandbox are null: no developer's machine takes part in the truth test.
 */
export const SELECTOR_KINDS: { readonly [Kind in Selector['kind']]: SelectorKind | null } = {
  any: {
    inTen: 1,
    write: () => 'any',
    means: (text) => (text === 'any' ? true : null),
  },
  label: {
    inTen: 1,
    write: (_source, random) => `label:team=${random.pick(TEAMS)}`,
    means: (text, { labels }) => {
      const [, key, value] = /^label:([^=]+)=(.*)$/.exec(text) ?? [];
      return key === undefined ? null : labels[key] === value;
    },
  },
  sandbox: {
    inTen: 3,
    write: ({ sandbox }) => `sandbox:${sandbox}`,
    means: (text, { sandbox }) => (text.startsWith('sandbox:') ? text === `sandbox:${sandbox}` : null),
  },
  alias: {
    inTen: 5,
    write: ({ aliases }, random) => (aliases.length === 0 ? null : random.pick(aliases)),
    means: (text, { aliases }) => (/^(?!(?:any|local)$)[^:]+$/.test(text) ? aliases.includes(text) : null),
  },
  local: null,
  'local-user': null,
};
const KINDS = Object.values(SELECTOR_KINDS).filter((kind) => kind !== null);

/** A selector that matches a sandbox, or may match it later. */
export function writtenSelector(source: Pick<Source, 'sandbox' | 'aliases'>, random: Random): string {
  let drawn = random.below(10);
  const kind = KINDS.find(({ inTen }) => {
    drawn -= inTen;
    return drawn < 0;
  });
  return kind?.write(source, random) ?? `sandbox:${source.sandbox}`;
}

/** Whether a selector matches a source. Throws for a selector that the truth test does not understand. */
export function isMeant(selector: string, source: Source): boolean {
  for (const { means } of KINDS) {
    const answer = means(selector, source);
    if (answer !== null) return answer;
  }
  throw new Error(`the truth test does not understand the selector ${selector}`);
}
