import { Injectable } from '@nestjs/common';
import type { BusStatus } from '#libs/bus/bus.js';

/** Passes on what becomes of the bus connection; the connection is made before those who want to know. */
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
