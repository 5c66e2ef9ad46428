import { Readable } from 'node:stream';
import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Logger } from 'pino';
import { ChainWalk } from '#libs/audit/chain-walk.js';
import { eventLine, headLine } from '#libs/audit/export-lines.js';
import { readChained } from '#libs/event-store/read-chained.js';
import { LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { OpenAnswers } from '../http/open-answers.js';
import { SeenHead } from '../record/seen-head.js';
import { ExportLog } from './queries.js';

/** The log as JSON lines, walked while it is read: only what is whole gets a signed head. */
@QueryHandler(ExportLog)
export class ExportLogHandler implements IQueryHandler<ExportLog> {
  constructor(
    private readonly seenHead: SeenHead,
    private readonly answers: OpenAnswers,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute({ principal, reply }: ExportLog): Promise<void> {
    reply.type('application/x-ndjson').header('cache-control', 'no-store');
    // Otherwise the whole log would be walked for a body that is never sent.
    if (reply.request.method === 'HEAD') {
      await reply.send();
      return;
    }
    const lines = Readable.from(this.lines(), { objectMode: false });
    const closed = this.answers.add({ principal, end: () => lines.destroy() });
    lines.once('close', closed);
    await reply.send(lines);
  }

  private async *lines(): AsyncGenerator<string> {
    const walk = new ChainWalk(this.seenHead.anchors);
    for await (const events of readChained(this.settings.databaseUrl)) {
      let text = '';
      for (const event of events) {
        walk.next(event);
        if (walk.found !== null) break;
        text += `${eventLine(event)}\n`;
      }
      yield text;
      if (walk.found !== null) break;
    }
    const found = walk.finish();
    if (found.kind === 'intact' && this.seenHead.doubt === null) {
      yield `${headLine(this.seenHead.signed(undefined, found.head))}\n`;
      return;
    }
    this.logger.error(
      { found, doubt: this.seenHead.doubt },
      'the log is broken: the export ends without a signed head',
    );
  }
}
