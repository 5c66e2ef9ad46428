import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { hashSecret, newSecret } from '../foundation/secrets.js';
import { CredentialRefusedError } from '../http/errors.js';

const PREFIX = 'gsc_';
/** How long a spent or expired code is remembered, so that its refusal can say why. */
const REMEMBERED_MS = 86_400_000;
const REMEDY = 'make another with `gstacks console`';

interface Known {
  readonly expires_at: Date;
  readonly used_at: Date | null;
}

/** One-time codes that open a session for the holder of a token. Only their hashes are stored. */
@Injectable()
export class SignInCodes {
  constructor(
    private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async create(tokenId: string, seconds: number): Promise<{ readonly code: string; readonly expiresAt: Date }> {
    const code = newSecret(PREFIX);
    const now = this.clock();
    const expiresAt = new Date(now.getTime() + seconds * 1_000);
    await this.database.query('DELETE FROM sign_in_codes WHERE expires_at < $1', [
      new Date(now.getTime() - REMEMBERED_MS),
    ]);
    await this.database.query(
      'INSERT INTO sign_in_codes (code_hash, token_id, created_at, expires_at) VALUES ($1, $2, $3, $4)',
      [hashSecret(code), tokenId, now, expiresAt],
    );
    return { code, expiresAt };
  }

  /**
   * Spends the code and returns its token. If several use it at the same time, one succeeds. Error:
   * CredentialRefusedError.
   */
  async use(code: string): Promise<string> {
    const now = this.clock();
    const hash = hashSecret(code);
    const [used]: [{ readonly token_id: string }[], number] = await this.database.query(
      'UPDATE sign_in_codes SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING token_id',
      [hash, now],
    );
    const [taken] = used;
    if (taken !== undefined) return taken.token_id;
    const rows: Known[] = await this.database.query(
      'SELECT expires_at, used_at FROM sign_in_codes WHERE code_hash = $1',
      [hash],
    );
    throw refusal(rows[0] ?? null);
  }
}

function refusal(known: Known | null): CredentialRefusedError {
  if (known === null)
    return new CredentialRefusedError(
      'SIGN_IN_CODE_UNKNOWN',
      'this control plane did not make this sign-in code',
      REMEDY,
    );
  if (known.used_at !== null) {
    const detail = `this sign-in code was used at ${known.used_at.toISOString()}; each works once`;
    return new CredentialRefusedError('SIGN_IN_CODE_USED', detail, REMEDY);
  }
  const detail = `this sign-in code expired at ${known.expires_at.toISOString()}`;
  return new CredentialRefusedError('SIGN_IN_CODE_EXPIRED', detail, REMEDY);
}
