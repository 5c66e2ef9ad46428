import { Module } from '@nestjs/common';
import { CredentialsIssuer } from './credentials-issuer.js';
import { KeyOwners } from './key-owners.js';
import { Revocations } from './revocations.js';
import { Suspensions } from './suspensions.js';

/** The owners of keys, the credentials issued to them, and void keys. */
@Module({
  providers: [KeyOwners, CredentialsIssuer, Revocations, Suspensions],
  exports: [KeyOwners, CredentialsIssuer, Revocations, Suspensions],
})
export class IdentityModule {}
