import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** Logs the framework's messages in the form of all log lines, without its progress messages. */
export class FrameworkLog implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(): void {}

  warn(message: unknown, ...details: readonly unknown[]): void {
    this.logger.warn({ details }, String(message));
  }

  error(message: unknown, ...details: readonly unknown[]): void {
    if (message instanceof Error) this.logger.error({ err: message }, message.message);
    else this.logger.error({ details }, String(message));
  }
}
