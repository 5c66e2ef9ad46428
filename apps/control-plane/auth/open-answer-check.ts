import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { OpenAnswers } from '../http/open-answers.js';

const EVERY_MS = 5_000;

const VALID = `
  SELECT t.id AS "tokenId", NULL AS "sessionId" FROM api_tokens t
    WHERE t.id = ANY($1) AND (t.expires_at IS NULL OR t.expires_at > $3)
  UNION ALL
  SELECT s.token_id, s.id FROM console_sessions s WHERE s.id = ANY($2) AND s.expires_at > $3`;

/** Ends answers that are still being sent although their token or session expired, or was ended by another process. */
@Injectable()
export class OpenAnswerCheck {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: DataSource,
    private readonly answers: OpenAnswers,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.check().catch((error: unknown) =>
        this.logger.debug(
          { err: error },
          'it could not be checked whether the tokens of open event streams are still valid; trying again',
        ),
      );
    }, EVERY_MS);
    this.timer.unref();
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async check(): Promise<void> {
    const open = this.answers.all();
    if (open.length === 0) return;
    const tokens = new Set(open.map(({ principal }) => principal.tokenId));
    const sessions = new Set(open.flatMap(({ principal }) => principal.sessionId ?? []));
    const rows: { readonly tokenId: string; readonly sessionId: string | null }[] = await this.database.query(VALID, [
      [...tokens],
      [...sessions],
      this.clock(),
    ]);
    const validTokens = new Set(rows.flatMap(({ tokenId, sessionId }) => (sessionId === null ? tokenId : [])));
    const validSessions = new Set(rows.flatMap(({ sessionId }) => sessionId ?? []));
    for (const { principal, end } of open) {
      const { tokenId, sessionId } = principal;
      if (!validTokens.has(tokenId) || (sessionId !== null && !validSessions.has(sessionId))) end();
    }
  }
}
