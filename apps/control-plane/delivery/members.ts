import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { ContactReply } from '#libs/contracts/bus/from-member/contact-reply.js';
import type { HelloMessage } from '#libs/contracts/bus/from-member/hello.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { Receiver } from './receiver.js';

/** Messages of somebody who is not enrolled or joined, or is out again. */
export class MemberUnknownError extends CodedError {}

export const ACCEPTED: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** What the members of one kind say, and what it means. */
export interface Members<R extends Receiver> {
  readonly kind: R['kind'];
  /** Who sends on this subject: the server lets each publish under its own alone. Error: MemberUnknownError. */
  senderOf(subject: string): R;
  /** Takes note of a hello or heartbeat, and has sent what the member does not hold. */
  contact(member: R, message: HelloMessage, kind: 'hello' | 'heartbeat'): void;
  /** What the member is to hold now. */
  networksOf(member: R): ContactReply['networks'];
  /** An acknowledgement. */
  applied(member: R, message: AppliedMessage): Promise<Receipt>;
  /** An acknowledgement again, as heartbeats carry it: nobody waits for what becomes of it. */
  appliedAgain(member: R, message: AppliedMessage): void;
  /** The member wants this network sent again. */
  sync(member: R, networkId: NetworkId): Receipt;
}
