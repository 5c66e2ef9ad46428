import type { Principal } from './request.js';

/** An answer that continues until somebody ends it. */
export interface OpenAnswer {
  readonly principal: Principal;
  /** Ends it at once, because its owner has lost access. */
  readonly end: () => void;
}

/** Answers that continue after the request was authenticated: ending a token or a session ends them too. */
export class OpenAnswers {
  private readonly open = new Set<OpenAnswer>();

  /** Returns a function that removes it. */
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
