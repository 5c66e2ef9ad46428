import type { Bus } from '#libs/bus/bus.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { parseTopologyReply } from '#libs/contracts/bus/to-member/topology.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Snapshot } from '#libs/policy/model.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { cutIntoParts } from '#libs/policy/snapshot-parts.js';
import { snapshotHashOfProtocol1, snapshotText } from '#libs/policy/snapshot-text.js';
import { PUBLISHER_TERM } from './publisher-term.js';

const PART_BYTES = 256 * 1_024;
/** What a part needs besides its body: ids, hash, signature. */
const ENVELOPE_BYTES = 4_096;

/** The receiver answered that it will not take a topology. */
class TopologyRefusedError extends CodedError {}

/** `ignored`: the receiver holds this version or a later one already. */
export type DeliveryOutcome = 'delivered' | 'ignored';

export interface Delivery {
  readonly snapshot: Snapshot;
  readonly epoch: Epoch;
  readonly signer: TopologySigner;
  /** Whom it is signed for. */
  readonly recipient: string;
  readonly bus: Bus;
  readonly subject: string;
  /** The one that the recipient speaks. */
  readonly protocol: number;
}

/**
 * Sends a signed snapshot in parts that the bus carries, each until it is answered. Errors: TopologyRefusedError, the
 * signal's reason.
 */
export async function deliverSnapshot(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
  const { snapshot, epoch, bus, protocol } = delivery;
  const { networkId, version } = snapshot;
  const hash = protocol < BUS_PROTOCOL ? snapshotHashOfProtocol1(snapshot) : snapshotHash(snapshot);
  const statement = { epoch, networkId, from: null, to: version, hash };
  const signature = delivery.signer.sign(delivery.recipient, statement);
  const bodies = bodiesOf(snapshot, Math.min(PART_BYTES, bus.maxPayloadBytes() - ENVELOPE_BYTES));
  for (const [index, body] of bodies.entries()) {
    const part = { index, count: bodies.length };
    const message: TopologyMessage = {
      protocol,
      term: PUBLISHER_TERM,
      ...statement,
      part,
      body,
      signature,
    };
    const answer = parseTopologyReply(await bus.requestUntilAnswered(delivery.subject, message, signal));
    if (answer.status === 'refused') {
      throw new TopologyRefusedError(answer.code ?? 'REFUSED', answer.message ?? 'no reason given');
    }
    if (answer.status === 'ignored') return 'ignored';
  }
  return 'delivered';
}

/** One snapshot goes to many agents, and is cut once. */
const cuts = new WeakMap<Snapshot, { readonly room: number; readonly bodies: readonly string[] }>();

function bodiesOf(snapshot: Snapshot, room: number): readonly string[] {
  const known = cuts.get(snapshot);
  if (known?.room === room) return known.bodies;
  const bodies = cutIntoParts(snapshotText(snapshot), room);
  cuts.set(snapshot, { room, bodies });
  return bodies;
}
