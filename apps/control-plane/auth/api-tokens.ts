import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, Not, type Repository } from 'typeorm';
import { type Role } from '#libs/contracts/roles.js';
import { readBootstrapToken, TOKEN_FORM } from '../foundation/bootstrap-token.js';
import { whereThereIsRoom } from '../foundation/database-unavailable.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import { API_TOKEN_PREFIX, hashSecret, newSecret } from '../foundation/secrets.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import type { Principal } from '../http/request.js';
import { ApiToken } from './api-token.entity.js';
import { LastUse } from './last-use.js';

const BOOTSTRAP_ID = 'bootstrap';

/** API tokens: made, listed, deleted and recognised. The token itself is shown once and never stored. */
@Injectable()
export class ApiTokens implements OnModuleInit {
  private readonly lastUse = new LastUse();

  constructor(
    @InjectRepository(ApiToken) private readonly tokens: Repository<ApiToken>,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Keeps the first admin's token. */
  async onModuleInit(): Promise<void> {
    const file = this.settings.bootstrapTokenFile;
    if (file === null) return;
    const token = readBootstrapToken(file);
    // Ends the sessions of a token that was in the file before.
    await this.tokens.delete({ id: BOOTSTRAP_ID, tokenHash: Not(hashSecret(token)) });
    await this.tokens.upsert(
      {
        id: BOOTSTRAP_ID,
        user: 'admin',
        role: 'admin',
        tokenHash: hashSecret(token),
        createdAt: this.clock(),
        expiresAt: null,
        joinNetworks: null,
      },
      ['id'],
    );
  }

  async create(wanted: {
    readonly user: string;
    readonly role: Role;
    readonly joinNetworks: readonly string[] | null;
    readonly expiresInSeconds: number;
  }): Promise<{ token: string; row: ApiToken }> {
    const { expiresInSeconds, ...whose } = wanted;
    const token = newSecret(API_TOKEN_PREFIX);
    const createdAt = this.clock();
    const expiresAt = new Date(createdAt.getTime() + expiresInSeconds * 1_000);
    const secret = { tokenHash: hashSecret(token), lastUsedAt: null };
    const row = { id: randomUUID(), ...whose, createdAt, expiresAt, ...secret };
    await this.tokens.insert(row);
    return { token, row };
  }

  list(after: string, limit: number): Promise<ApiToken[]> {
    return this.tokens.find({ where: { id: MoreThan(after) }, order: { id: 'ASC' }, take: limit });
  }

  /** The deleted row, or null if there was none. */
  async delete(id: string): Promise<ApiToken | null> {
    const row = await this.tokens.findOneBy({ id });
    if (row !== null) await this.tokens.delete({ id });
    return row;
  }

  /** The token's owner; null: it is unknown or has ended. */
  async recognise(token: string): Promise<Principal | null> {
    if (!TOKEN_FORM.test(token)) return null;
    const row = await this.tokens.findOneBy({ tokenHash: hashSecret(token) });
    if (row === null) return null;
    const now = this.clock();
    if (row.expiresAt !== null && row.expiresAt <= now) return null;
    if (this.lastUse.isNews(row.id, now)) {
      await whereThereIsRoom(this.tokens.update({ id: row.id }, { lastUsedAt: now }));
    }
    const { user, role, id: tokenId, expiresAt, joinNetworks } = row;
    return { user, role, tokenId, sessionId: null, expiresAt, joinNetworks };
  }
}
