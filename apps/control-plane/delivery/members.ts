import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import type { SyncMessage } from '#libs/contracts/bus/from-member/sync.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Receiver } from './receiver.js';

/** The sender is not enrolled or joined, or was revoked. */
export class MemberUnknownError extends CodedError {}

export const ACCEPTED: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Handles the messages of one kind of members: agents, or local nodes. */
export interface Members<R extends Receiver> {
  readonly kind: R['kind'];
  /** The member that this subject belongs to; the bus lets no other publish there. Error: MemberUnknownError. */
  senderOf(subject: string): R;
  /** Takes note of a hello or heartbeat, and offers the member the versions that it lacks. */
  contact(member: R, message: HelloMessage, kind: 'hello' | 'heartbeat'): void;
  /** The versions that the member should hold now. */
  networksOf(member: R): ContactReply['networks'];
  /** An acknowledgement. */
  applied(member: R, message: AppliedMessage): Promise<Receipt>;
  /** A repeated acknowledgement from a heartbeat. The sender does not wait for the outcome. */
  appliedAgain(member: R, message: AppliedMessage): void;
  /** The member asks for this network to be sent again. */
  sync(member: R, message: SyncMessage): Receipt;
}
