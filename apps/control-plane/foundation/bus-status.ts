import { Injectable } from '@nestjs/common';
import type { BusStatus } from '#libs/bus/bus.js';

/** Passes on the status of the bus connection, which is made before its listeners exist. */
@Injectable()
export class BusStatusFeed {
  private readonly listeners: ((status: BusStatus) => void)[] = [];

  onStatus(listener: (status: BusStatus) => void): void {
    this.listeners.push(listener);
  }

  become(status: BusStatus): void {
    for (const listener of this.listeners) listener(status);
  }
}
