/** An answer that an earlier release kept for a repeat does not say since when it was so. */
export function inFull<Answer extends { readonly unchangedSince: number | null }>(answer: Answer): Answer {
  return { ...answer, unchangedSince: answer.unchangedSince ?? null };
}
