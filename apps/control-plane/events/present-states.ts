import { Injectable } from '@nestjs/common';
import { MemberStates } from './member-states.js';
import { NetworkStates } from './network-states.js';
import type { StreamMessage } from './stream-message.js';

export const HEARTBEAT_SECONDS = 5;
/** Changes of one network within this time are sent together. */
const GATHERED_MS = 200;
const LOOKS_PER_HEARTBEAT = 25;
const LOOKS_PER_SECOND = 5;

/** States that are not in the log and change by themselves; watched while there are readers. */
@Injectable()
export class PresentStates {
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly networks: NetworkStates,
    private readonly members: MemberStates,
  ) {}

  /** From now on, changes from the current state are sent; a reader asks for the current state itself. */
  start(tell: (message: StreamMessage) => void): void {
    this.stop();
    this.networks.begin();
    this.members.begin();
    let looks = 0;
    this.timer = setInterval(() => {
      looks += 1;
      const isWholeSecond = looks % LOOKS_PER_SECOND === 0;
      if (isWholeSecond) {
        for (const message of this.members.changes((networkId) => this.networks.touch(networkId))) tell(message);
        this.networks.touchUnsettled();
      }
      if (looks % LOOKS_PER_HEARTBEAT === 0) {
        tell(this.members.heartbeat());
        this.networks.sweep();
      }
      for (const message of this.networks.changes()) tell(message);
    }, GATHERED_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.networks.end();
    this.members.end();
  }
}
