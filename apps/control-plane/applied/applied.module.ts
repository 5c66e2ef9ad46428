import { Module } from '@nestjs/common';
import { Acknowledgements } from './acknowledgements.js';
import { AgentStates } from './agent-states.js';
import { AppliedLog } from './applied-log.js';
import { DoubtedClaims } from './doubted-claims.js';
import { Regressions } from './regressions.js';
import { SignatureChecks } from './signature-checks.js';

const PROVIDED = [AppliedLog, AgentStates, DoubtedClaims, Regressions, SignatureChecks, Acknowledgements];

/** What agents say they hold and have applied: checked, stored, and what it proves. */
@Module({ providers: PROVIDED, exports: PROVIDED })
export class AppliedModule {}
