import type { Principal } from './request.js';

/** An answer that goes on until somebody ends it. */
export interface OpenAnswer {
  readonly principal: Principal;
  /** Ends it at once: its owner may not ask any more. */
  readonly end: () => void;
}

/** Answers that outlast the check of who asked: whoever ends a token or a session ends these as well. */
export class OpenAnswers {
  private readonly open = new Set<OpenAnswer>();

  /** Returns what takes it out again. */
  add(answer: OpenAnswer): () => void {
    this.open.add(answer);
    return () => this.open.delete(answer);
  }

  all(): readonly OpenAnswer[] {
    return [...this.open];
  }

  endWhere(matches: (principal: Principal) => boolean): void {
    for (const answer of this.all()) if (matches(answer.principal)) answer.end();
  }
}
