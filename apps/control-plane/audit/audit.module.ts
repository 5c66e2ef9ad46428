import { Module } from '@nestjs/common';
import { ExportLogHandler } from './export.handler.js';
import { ShowAuditKeyHandler } from './key.handler.js';
import { VerifyLogHandler } from './verify.handler.js';

/** Whether the log is as it was written, and the log for others to check. */
@Module({ providers: [VerifyLogHandler, ShowAuditKeyHandler, ExportLogHandler] })
export class AuditModule {}
