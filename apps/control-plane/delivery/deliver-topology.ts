import type { Bus } from '#libs/bus/bus.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { parseTopologyReply } from '#libs/contracts/bus/to-member/topology.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { Snapshot } from '#libs/policy/model.js';
import { diff } from '#libs/policy/snapshot-delta.js';
import { type SnapshotTree, treeHash } from '#libs/policy/snapshot-digest.js';
import { cutIntoParts } from '#libs/policy/snapshot-parts.js';
import { snapshotHashOfProtocol1, snapshotText } from '#libs/policy/snapshot-text.js';
import { PUBLISHER_TERM } from './publisher-term.js';

const PART_BYTES = 256 * 1_024;
/** Bytes of a message without its body: ids, hash, signature. */
const ENVELOPE_BYTES = 4_096;

/** The receiver refused a topology. */
class TopologyRefusedError extends CodedError {}

/** `held`: the receiver already had exactly this; `ignored`: it has a later one. */
export type DeliveryOutcome = 'delivered' | 'held' | 'ignored';

export interface Delivery {
  /** What the recipient should hold. */
  readonly tree: SnapshotTree;
  /** The same as a snapshot, made only if it is sent. */
  readonly snapshot: () => Snapshot;
  /** What the recipient holds, as the base of a delta; null: unknown, or it accepts no deltas. */
  readonly base: SnapshotTree | null;
  readonly epoch: Epoch;
  readonly signer: TopologySigner;
  /** The recipient that it is signed for. */
  readonly recipient: string;
  readonly bus: Bus;
  readonly subject: string;
  /** The protocol of the recipient. */
  readonly protocol: number;
}

type Content = Pick<TopologyMessage, 'from' | 'part' | 'body'>;

/**
 * Brings the recipient to a version: with a signed delta if its current version is known, otherwise, or if the
 * recipient asks for it, with the signed snapshot in parts that the bus can carry. Each message is repeated until it is
 * answered. Errors: TopologyRefusedError, the signal's reason.
 */
export async function deliverTopology(delivery: Delivery, signal: AbortSignal): Promise<DeliveryOutcome> {
  const { tree, base, epoch, bus, protocol } = delivery;
  const hash = protocol < BUS_PROTOCOL ? snapshotHashOfProtocol1(delivery.snapshot()) : treeHash(tree);
  const statement = { epoch, networkId: tree.head.networkId, to: tree.head.version, hash };
  const signature = delivery.signer.sign(delivery.recipient, statement);
  const send = async (content: Content): Promise<DeliveryOutcome | 'snapshot-needed'> => {
    const message: TopologyMessage = { protocol, term: PUBLISHER_TERM, ...statement, ...content, signature };
    const answer = parseTopologyReply(await bus.requestUntilAnswered(delivery.subject, message, signal));
    switch (answer.status) {
      case 'refused':
        throw new TopologyRefusedError(answer.code ?? 'REFUSED', answer.message ?? 'no reason given');
      case 'ignored':
        return answer.code === 'VERSION_HELD' ? 'held' : 'ignored';
      case 'received':
        return 'delivered';
      case 'snapshot-needed':
        return 'snapshot-needed';
    }
  };

  const room = Math.min(PART_BYTES, bus.maxPayloadBytes() - ENVELOPE_BYTES);
  // A delta that needs several messages has no advantage over the snapshot.
  const [delta, ...more] = base === null ? [] : deltaBodies(base, tree, room);
  if (base !== null && delta !== undefined && more.length === 0) {
    const outcome = await send({ from: base.head.version, part: { index: 0, count: 1 }, body: delta });
    if (outcome !== 'snapshot-needed') return outcome;
  }
  const bodies = bodiesOf(delivery.snapshot(), room);
  for (const [index, body] of bodies.entries()) {
    const outcome = await send({ from: null, part: { index, count: bodies.length }, body });
    if (outcome === 'held' || outcome === 'ignored') return outcome;
  }
  return 'delivered';
}

/** Agents that held the same version get the same delta; the last one of each version is kept. */
const deltas = new WeakMap<SnapshotTree, { readonly base: SnapshotTree; readonly bodies: readonly string[] }>();

function deltaBodies(base: SnapshotTree, tree: SnapshotTree, room: number): readonly string[] {
  const known = deltas.get(tree);
  if (known?.base === base) return known.bodies;
  const bodies = cutIntoParts(JSON.stringify(diff(base, tree)), room);
  deltas.set(tree, { base, bodies });
  return bodies;
}

/** One snapshot goes to many agents, so its parts are kept. */
const cuts = new WeakMap<Snapshot, { readonly room: number; readonly bodies: readonly string[] }>();

function bodiesOf(snapshot: Snapshot, room: number): readonly string[] {
  const known = cuts.get(snapshot);
  if (known?.room === room) return known.bodies;
  const bodies = cutIntoParts(snapshotText(snapshot), room);
  cuts.set(snapshot, { room, bodies });
  return bodies;
}
