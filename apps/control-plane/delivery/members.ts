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
  /** The member of this subject, on which the bus lets no other member publish. Error: MemberUnknownError. */
  senderOf(subject: string): R;
  /** Records a hello or heartbeat, and offers the member the versions that it lacks. */
  contact(member: R, message: HelloMessage, kind: 'hello' | 'heartbeat'): void;
  /** The versions that the member should hold now. */
  networksOf(member: R): ContactReply['networks'];
  /** Takes an acknowledgement. */
  applied(member: R, message: AppliedMessage): Promise<Receipt>;
  /** Takes a repeated acknowledgement from a heartbeat. The sender does not wait for the result. */
  appliedAgain(member: R, message: AppliedMessage): void;
  /** The member asks for a network again. */
  sync(member: R, message: SyncMessage): Receipt;
}
