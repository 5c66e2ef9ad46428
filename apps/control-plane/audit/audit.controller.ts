import { Controller, Get, Res } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AuditKeyDto, LogVerificationDto } from '#libs/contracts/http/audit.js';
import type { Principal } from '../http/request.js';
import { Route } from '../http/route.js';
import { CurrentPrincipal } from '../http/write-context.js';
import { ExportLog, ShowAuditKey, VerifyLog } from './queries.js';

@ApiTags('audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly queries: QueryBus) {}

  @Get('verification')
  @Route({
    summary: 'Walk the hash chain of the whole log, up to the end that was signed',
    answers: LogVerificationDto,
    role: 'admin',
  })
  verifyLog(): Promise<LogVerificationDto> {
    return this.queries.execute(new VerifyLog());
  }

  @Get('key')
  @Route({ summary: 'Show the public key that checks the signed head of an export', answers: AuditKeyDto })
  showAuditKey(): Promise<AuditKeyDto> {
    return this.queries.execute(new ShowAuditKey());
  }

  @Get('export')
  @Route({ summary: 'Read the whole log as JSON lines, its signed head last', answers: String, role: 'admin' })
  @ApiResponse({
    status: 200,
    description: 'A line for each event in order; a log that is broken ends before the first problem, without a head',
    content: { 'application/x-ndjson': { schema: { type: 'string' } } },
  })
  exportLog(@CurrentPrincipal() principal: Principal, @Res() reply: FastifyReply): Promise<void> {
    return this.queries.execute(new ExportLog(principal, reply));
  }
}
