import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { BrokenLog, LogVerification } from '#libs/audit/chain-walk.js';
import { LOG_REMEDIES } from '#libs/audit/remedies.js';
import type { LogVerificationDto } from '#libs/contracts/http/audit.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { SeenHead } from '../record/seen-head.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { VerifyLog } from './queries.js';

/** Whether the log is as it was written. Those who ask meanwhile get the answer of the walk that is under way. */
@QueryHandler(VerifyLog)
export class VerifyLogHandler implements IQueryHandler<VerifyLog> {
  private walking: Promise<LogVerificationDto> | null = null;

  constructor(
    private readonly seenHead: SeenHead,
    private readonly epoch: StoreEpoch,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
  ) {}

  execute(): Promise<LogVerificationDto> {
    this.walking ??= this.walk().finally(() => {
      this.walking = null;
    });
    return this.walking;
  }

  private async walk(): Promise<LogVerificationDto> {
    // Before the walk begins: what is written meanwhile comes after them.
    const { anchors } = this.seenHead;
    const found = this.withDoubt(await verifyLog(this.settings.databaseUrl, anchors));
    const headsKeptSince = this.seenHead.keptHead?.since ?? null;
    if (found.kind === 'intact') {
      const head = this.seenHead.signed(this.epoch.current, found.head);
      return { intact: true, broken: null, head, headsKeptSince };
    }
    const { problem, position, detail } = found;
    return {
      intact: false,
      broken: { problem, position, detail, remedy: LOG_REMEDIES[problem] },
      head: null,
      headsKeptSince,
    };
  }

  /** A head that is not signed, or of an epoch that the database has lost, shows in no event. */
  private withDoubt(found: LogVerification): LogVerification {
    const { doubt, keptHead } = this.seenHead;
    if (doubt === null) return found;
    if (found.kind === 'broken') return { ...found, detail: `${found.detail}: ${doubt.message}` };
    const { message: detail, code } = doubt;
    const broken: BrokenLog =
      code === 'HEAD_NOT_SIGNED'
        ? { kind: 'broken', problem: 'HEAD_FOREIGN', position: keptHead?.head.position ?? 0, detail }
        : { kind: 'broken', problem: 'TAIL_LOST', position: found.head.position + 1, detail };
    return broken;
  }
}
