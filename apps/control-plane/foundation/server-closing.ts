import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Aborted when the process is asked to end; waiting requests then answer with what they have. */
@Injectable()
export class ServerClosing implements OnModuleDestroy {
  private readonly controller = new AbortController();

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  onModuleDestroy(): void {
    this.controller.abort();
  }
}
