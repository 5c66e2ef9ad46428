/** Why `evaluate` decided as it did about one source. */
export const VERDICT_REASONS = [
  'ALLOWED',
  'EXPLICIT_DENY',
  'DEFAULT_DENY',
  'NOT_ATTACHED',
  'NO_ALIAS',
  'NO_PORT',
] as const;
export type VerdictReason = (typeof VERDICT_REASONS)[number];

export const SELECTOR_VERDICT_REASONS = [...VERDICT_REASONS, 'MIXED', 'QUARANTINED'] as const;
/**
 * About a selector. MIXED: it stands for several sources, and they differ. QUARANTINED: at that moment no agent served
 * the network, whatever its rules said.
 */
export type SelectorVerdictReason = (typeof SELECTOR_VERDICT_REASONS)[number];

/** The one part of a near miss that differs from the question. */
export const MISSED_PARTS = ['source', 'alias', 'port'] as const;
export type MissedPart = (typeof MISSED_PARTS)[number];

/**
 * Why a rule does nothing now. NO_ALIAS, NO_PORT, NO_SOURCE: what it names is not there. OVERRIDDEN: denies decide for
 * all its sources. REPEATED: other rules decide alike. NO_ALLOW: a deny of what no rule allows. ENDED: its
 * time is over, and it is about to be taken off the list.
 */
export const RULE_IDLENESS = [
  'NO_ALIAS',
  'NO_PORT',
  'NO_SOURCE',
  'OVERRIDDEN',
  'REPEATED',
  'NO_ALLOW',
  'ENDED',
] as const;
export type RuleIdleness = (typeof RULE_IDLENESS)[number];
