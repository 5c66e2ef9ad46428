import { Module } from '@nestjs/common';
import { CredentialsIssuer } from './credentials-issuer.js';
import { KeyOwners } from './key-owners.js';
import { Revocations } from './revocations.js';
import { Suspensions } from './suspensions.js';

/** Whose a key is, what is issued to its holder, and which keys are void. */
@Module({
  providers: [KeyOwners, CredentialsIssuer, Revocations, Suspensions],
  exports: [KeyOwners, CredentialsIssuer, Revocations, Suspensions],
})
export class IdentityModule {}
