import type { Topology } from '#libs/policy/model.js';

/**
 * Raise it with every change of what the fold of a network's stream makes (`state.ts`): states of another form are not
 * read, and made anew from the log.
 */
const FORM = 1;

type Entries<Member> = Member extends ReadonlyMap<infer Key, infer Value> ? readonly (readonly [Key, Value])[] : Member;
type Kept = { readonly [Name in keyof Topology]: Entries<Topology[Name]> };

/** A network's state as JSON, so that a fold can go on from it. */
export function printCheckpoint(topology: Topology): string {
  const kept: Kept = {
    ...topology,
    sandboxes: [...topology.sandboxes],
    aliases: [...topology.aliases],
    rules: [...topology.rules],
    egressRules: [...topology.egressRules],
    policyTests: [...topology.policyTests],
    formerPublishers: [...topology.formerPublishers],
  };
  return JSON.stringify({ form: FORM, kept });
}

/** The state that printCheckpoint made this text of; null: a release of another form did. */
export function readCheckpoint(text: string): Topology | null {
  const { form, kept }: { readonly form: number; readonly kept: Kept } = JSON.parse(text);
  if (form !== FORM) return null;
  return {
    ...kept,
    sandboxes: new Map(kept.sandboxes),
    aliases: new Map(kept.aliases),
    rules: new Map(kept.rules),
    egressRules: new Map(kept.egressRules),
    policyTests: new Map(kept.policyTests),
    formerPublishers: new Map(kept.formerPublishers),
  };
}

/** The elements that a state holds: what it costs to keep and to read it. */
export function elementsOf({ sandboxes, aliases, rules, egressRules, policyTests }: Topology): number {
  return sandboxes.size + aliases.size + rules.size + egressRules.size + policyTests.size;
}
