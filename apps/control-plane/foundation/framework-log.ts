import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

/** What the framework has to say, in the same lines as everything else; its progress is nobody's news. */
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
