/** Completes an answer that an earlier release stored without `unchangedSince`. */
export function inFull<Answer extends { readonly unchangedSince: number | null }>(answer: Answer): Answer {
  return { ...answer, unchangedSince: answer.unchangedSince ?? null };
}
