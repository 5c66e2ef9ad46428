import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { setDeadline } from '#libs/async/deadline.js';
import type { ProvenPeer } from './admission.js';
import { describeIdentity } from './identity.js';

/** A connection whose peer has proved its identity. */
export interface ProvenConnection extends ProvenPeer {
  readonly secure: TLSSocket;
  readonly certificate: X509Certificate;
}

export interface WaitingRoomSettings {
  readonly admits: (peer: ProvenPeer) => boolean;
  readonly waitMs: number;
  readonly mostFromPeer: number;
  readonly admitted: (connection: ProvenConnection) => void;
  /** The peer was not named in time, or too many of its connections wait already. */
  readonly refused: (connection: ProvenConnection) => void;
}

/**
 * Holds connections of peers that the control plane has not named yet. Of two agents that are named to each other, one
 * is told first and may connect before the other is told. Such a connection waits, and goes on as soon as its peer is
 * named.
 */
export class WaitingRoom {
  /** Each with the function that ends its wait. */
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

  /** The list of admitted peers changed. */
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
