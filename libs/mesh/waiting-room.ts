import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { setDeadline } from '#libs/async/deadline.js';
import type { ProvenPeer } from './admission.js';
import { describeIdentity } from './identity.js';

/** A connection whose peer has proved who it is. */
export interface ProvenConnection extends ProvenPeer {
  readonly secure: TLSSocket;
  readonly certificate: X509Certificate;
}

export interface WaitingRoomSettings {
  readonly admits: (peer: ProvenPeer) => boolean;
  readonly waitMs: number;
  readonly mostFromPeer: number;
  readonly admitted: (connection: ProvenConnection) => void;
  /** It was not named in time, or too many of this peer wait already. */
  readonly refused: (connection: ProvenConnection) => void;
}

/**
 * Connections of peers that are not named yet. Of two agents that are told of each other one hears it first, and its
 * first connection may come before the other has heard: it waits for that, and goes on at the moment it is named.
 */
export class WaitingRoom {
  /** With what ends the wait. */
  private readonly waiting = new Map<ProvenConnection, () => void>();

  constructor(private readonly settings: WaitingRoomSettings) {}

  enter(connection: ProvenConnection): void {
    const { admits, admitted, refused, waitMs, mostFromPeer } = this.settings;
    if (admits(connection)) {
      admitted(connection);
      return;
    }
    const name = describeIdentity(connection.peer);
    const before = [...this.waiting.keys()].filter(({ peer }) => describeIdentity(peer) === name);
    if (before.length >= mostFromPeer) {
      refused(connection);
      return;
    }
    const cancel = setDeadline(waitMs, () => {
      this.waiting.delete(connection);
      refused(connection);
    });
    this.waiting.set(connection, cancel);
    connection.secure.once('close', () => this.leave(connection));
  }

  /** Who is admitted has changed. */
  reconsider(): void {
    for (const connection of [...this.waiting.keys()]) {
      if (!this.settings.admits(connection)) continue;
      this.leave(connection);
      this.settings.admitted(connection);
    }
  }

  close(): void {
    for (const connection of [...this.waiting.keys()]) {
      this.leave(connection);
      connection.secure.destroy();
    }
  }

  private leave(connection: ProvenConnection): void {
    this.waiting.get(connection)?.();
    this.waiting.delete(connection);
  }
}
