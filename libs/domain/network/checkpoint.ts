import type { Topology } from '#libs/policy/model.js';

/**
 * Raise it with every change of what the fold of a network's stream makes (`state.ts`): states of another form are not
 * read, and made anew from the log.
 */
export const FORM = 1;

type Entries<Member> = Member extends ReadonlyMap<infer Key, infer Value> ? readonly (readonly [Key, Value])[] : Member;

/** A network's state in a form that JSON can carry. */
export type KeptTopology = { readonly [Name in keyof Topology]: Entries<Topology[Name]> };

/** A network's state as JSON, so that a fold can go on from it. */
export function printCheckpoint(topology: Topology): string {
  return JSON.stringify({ form: FORM, kept: keptTopology(topology) });
}

/** The state that printCheckpoint made this text of; null: a release of another form did. */
export function readCheckpoint(text: string): Topology | null {
  const { form, kept }: { readonly form: number; readonly kept: KeptTopology } = JSON.parse(text);
  return form === FORM ? topologyOf(kept) : null;
}

export function keptTopology(topology: Topology): KeptTopology {
  return {
    ...topology,
    sandboxes: [...topology.sandboxes],
    aliases: [...topology.aliases],
    rules: [...topology.rules],
    egressRules: [...topology.egressRules],
    policyTests: [...topology.policyTests],
    formerPublishers: [...topology.formerPublishers],
  };
}

export function topologyOf(kept: KeptTopology): Topology {
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
