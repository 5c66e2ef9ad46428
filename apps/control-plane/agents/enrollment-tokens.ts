import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ENROLLMENT_TOKEN_PREFIX } from '#libs/contracts/http/enrollment.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { CLOCK, type Clock, SETTINGS } from '../foundation/provided.js';
import { hashSecret, newSecret } from '../foundation/secrets.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { CredentialRefusedError } from '../http/errors.js';
import { EnrollmentToken } from './enrollment-token.entity.js';

/** One-time tokens, each valid for one name and spent by the first key that uses it. */
@Injectable()
export class EnrollmentTokens {
  constructor(
    @InjectRepository(EnrollmentToken) private readonly rows: Repository<EnrollmentToken>,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(agentId: AgentId, createdBy: string): Promise<{ readonly token: string; readonly expiresAt: Date }> {
    const token = newSecret(ENROLLMENT_TOKEN_PREFIX);
    const createdAt = this.clock();
    const expiresAt = new Date(createdAt.getTime() + this.settings.enrollmentTokenSeconds * 1_000);
    await this.rows.insert({ tokenHash: hashSecret(token), agentId, createdBy, createdAt, expiresAt });
    return { token, expiresAt };
  }

  /** Throws CredentialRefusedError if the token is not valid for this name and key. */
  async check(token: string, agentId: AgentId, nkey: string): Promise<void> {
    const row = await this.rows.findOneBy({ tokenHash: hashSecret(token) });
    const good =
      row !== null &&
      row.agentId === agentId &&
      row.expiresAt > this.clock() &&
      (row.usedNkey === null || row.usedNkey === nkey);
    if (!good) throw refused();
  }

  /**
   * Uses up the token for this key. The key that used it up may ask again, since the answer may have been lost; every
   * other key is refused, also of two that ask at the same moment. Error: CredentialRefusedError.
   */
  async consume(token: string, agentId: AgentId, nkey: string): Promise<void> {
    const now = this.clock();
    const result = await this.rows
      .createQueryBuilder()
      .update()
      .set({ usedAt: now, usedNkey: nkey })
      .where('token_hash = :hash AND agent_id = :agentId AND expires_at > :now', {
        hash: hashSecret(token),
        agentId,
        now,
      })
      .andWhere('(used_nkey IS NULL OR used_nkey = :nkey)', { nkey })
      .execute();
    if (result.affected !== 1) throw refused();
  }
}

function refused(): CredentialRefusedError {
  return new CredentialRefusedError(
    'ENROLLMENT_TOKEN_INVALID',
    "the enrolment token is unknown, used, expired, or for another agent's name",
    'make a new token with `gstacks agent enroll <name>`',
  );
}
