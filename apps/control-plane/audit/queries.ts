import { Query } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { AuditKeyDto, LogVerificationDto } from '#libs/contracts/http/audit.js';
import type { Principal } from '../http/request.js';

export class VerifyLog extends Query<LogVerificationDto> {}

export class ShowAuditKey extends Query<AuditKeyDto> {}

export class ExportLog extends Query<void> {
  constructor(
    readonly principal: Principal,
    readonly reply: FastifyReply,
  ) {
    super();
  }
}
