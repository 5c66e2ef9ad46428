import { Module } from '@nestjs/common';
import { KeyOwners } from './key-owners.js';
import { Revocations } from './revocations.js';

/** Whose a key is, and which keys are void. */
@Module({ providers: [KeyOwners, Revocations], exports: [KeyOwners, Revocations] })
export class IdentityModule {}
