import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { RankedRole } from '#libs/contracts/roles.js';
import { whereThereIsRoom } from '../foundation/database-unavailable.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import { hashSecret, newSecret } from '../foundation/secrets.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { OpenAnswers } from '../http/open-answers.js';
import type { Principal } from '../http/request.js';
import { LastUse } from './last-use.js';

const PREFIX = 'gss_';
const SECRET = /^gss_[A-Za-z0-9_-]{43}$/;
const MOST_OF_ONE_TOKEN = 100;
const CLIENT_CHARACTERS = 200;

/** An open session; its role and user are those of its token. */
export interface ConsoleSession {
  readonly id: string;
  readonly user: string;
  readonly role: RankedRole;
  readonly tokenId: string;
  readonly client: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  /** Its own expiry, or its token's if that is sooner. */
  readonly expiresAt: Date;
}

const OPEN = `
  SELECT s.id, t.user_name AS "user", t.role, s.token_id AS "tokenId", s.client, s.created_at AS "createdAt",
    s.last_used_at AS "lastUsedAt", LEAST(s.expires_at, t.expires_at) AS "expiresAt"
  FROM console_sessions s JOIN api_tokens t ON t.id = s.token_id
  WHERE s.expires_at > $1 AND (t.expires_at IS NULL OR t.expires_at > $1) AND t.role <> 'joiner'`;

/**
 * Browser sessions of the console. A session belongs to a token and ends with it; only the hash of its secret is
 * stored.
 */
@Injectable()
export class ConsoleSessions {
  private readonly lastUse = new LastUse();

  constructor(
    private readonly database: DataSource,
    private readonly answers: OpenAnswers,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Above a hundred sessions of one token, the oldest ends. */
  async open(
    tokenId: string,
    client: string,
  ): Promise<{ readonly secret: string; readonly session: ConsoleSession | null }> {
    const secret = newSecret(PREFIX);
    const id = randomUUID();
    const now = this.clock();
    const end = new Date(now.getTime() + this.settings.sessionSeconds * 1_000);
    await this.database.query('DELETE FROM console_sessions WHERE expires_at <= $1', [now]);
    await this.database.query(
      `DELETE FROM console_sessions WHERE id IN (
         SELECT id FROM console_sessions WHERE token_id = $1 ORDER BY created_at DESC OFFSET $2)`,
      [tokenId, MOST_OF_ONE_TOKEN - 1],
    );
    await this.database.query(
      `INSERT INTO console_sessions (id, session_hash, token_id, client, created_at, expires_at, last_used_at)
       VALUES ($1, $2, $3, $4, $5, $6, $5)`,
      [id, hashSecret(secret), tokenId, client.slice(0, CLIENT_CHARACTERS).toWellFormed(), now, end],
    );
    return { secret, session: await this.find(id) };
  }

  /** The owner of this secret; null: no open session has it. */
  async recognise(secret: string): Promise<Principal | null> {
    if (!SECRET.test(secret)) return null;
    const now = this.clock();
    const rows: ConsoleSession[] = await this.database.query(`${OPEN} AND s.session_hash = $2`, [
      now,
      hashSecret(secret),
    ]);
    const [session] = rows;
    if (session === undefined) return null;
    if (this.lastUse.isNews(session.id, now)) {
      await whereThereIsRoom(
        this.database.query('UPDATE console_sessions SET last_used_at = $2 WHERE id = $1', [session.id, now]),
      );
    }
    const { id: sessionId, user, role, tokenId, expiresAt } = session;
    // Machines join with tokens, not from a browser.
    return { user, role, tokenId, sessionId, expiresAt, joinNetworks: null };
  }

  async find(id: string): Promise<ConsoleSession | null> {
    const rows: ConsoleSession[] = await this.database.query(`${OPEN} AND s.id = $2`, [this.clock(), id]);
    return rows[0] ?? null;
  }

  /** Sorted by id; user null: of all users. */
  list(user: string | null, after: string, limit: number): Promise<ConsoleSession[]> {
    return this.database.query(
      `${OPEN} AND ($2::text IS NULL OR t.user_name = $2) AND s.id > $3 ORDER BY s.id LIMIT $4`,
      [this.clock(), user, after, limit],
    );
  }

  async end(id: string): Promise<void> {
    await this.database.query('DELETE FROM console_sessions WHERE id = $1', [id]);
    this.answers.endWhere(({ sessionId }) => sessionId === id);
  }

  /** Ends every session of a user, whichever token it belongs to; returns their number. */
  async endAllOf(user: string): Promise<number> {
    const [ended]: [{ readonly id: string }[], number] = await this.database.query(
      `DELETE FROM console_sessions s USING api_tokens t WHERE t.id = s.token_id AND t.user_name = $1 RETURNING s.id`,
      [user],
    );
    const ids = new Set(ended.map(({ id }) => id));
    this.answers.endWhere(({ sessionId }) => sessionId !== null && ids.has(sessionId));
    return ids.size;
  }
}
