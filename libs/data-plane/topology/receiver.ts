import { verifyTopology } from '#libs/bus/signing.js';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import type { Epoch } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { TopologyMessage, TopologyReply } from '#libs/contracts/bus/to-member/topology.js';
import { parseTopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { Snapshot } from '#libs/policy/model.js';
import { parseDelta } from '#libs/policy/parse-delta.js';
import { parseSnapshot, SnapshotInvalidError } from '#libs/policy/parse-snapshot.js';
import { applyDelta, type SnapshotDelta } from '#libs/policy/snapshot-delta.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { judgeOffer } from './acceptance.js';
import type { HeldNetwork } from './held-network.js';
import { PartAssembly } from './part-assembly.js';

/** The versions held now. */
export interface TopologyHolder {
  of(networkId: NetworkId): HeldNetwork | null;
  /** The highest epoch that anything was taken from. */
  epoch(): Epoch | null;
}

export interface ReceiverPorts {
  /** Who snapshots have to be signed for: an agent's id, or localNodeRecipient. */
  readonly recipient: string;
  /** Pinned at enrolment, and those that followed: SPKI, DER, base64. */
  readonly topologyKeys: () => readonly string[];
  readonly held: TopologyHolder;
  /**
   * Called with each version that passed all checks and is newer than the one held; `delta` leads to it from that one,
   * null: the whole came.
   */
  readonly take: (held: HeldNetwork, delta: SnapshotDelta | null) => void;
  /** The acknowledgement of a version held already is due again. */
  readonly acknowledgeAgain: (networkId: NetworkId) => void;
  /** A version was refused: told at the control plane. */
  readonly reportRefusal: (message: AppliedMessage) => void;
  /** Called with the answer to each message, and the message; null: it could not be parsed. */
  readonly answered: (reply: TopologyReply, message: TopologyMessage | null) => void;
  readonly now: () => Date;
}

/** Takes deltas and parts of snapshots off the bus; only what the control plane signed for this host has any effect. */
export class TopologyReceiver {
  private readonly assembly = new PartAssembly();
  private term = 0;

  constructor(private readonly ports: ReceiverPorts) {}

  async handle(value: unknown): Promise<TopologyReply> {
    let message: TopologyMessage;
    try {
      message = parseTopologyMessage(value);
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      const reply = answer('refused', error.code, error.message);
      this.ports.answered(reply, null);
      return reply;
    }
    const reply = this.take(message);
    this.ports.answered(reply, message);
    return reply;
  }

  private take(message: TopologyMessage): TopologyReply {
    const { recipient, held } = this.ports;
    if (!verifyTopology(this.ports.topologyKeys(), recipient, message, message.signature)) {
      return this.refuse(
        message,
        'SIGNATURE_INVALID',
        'the signature is not by the control plane that this host is enrolled with',
      );
    }
    const { networkId } = message;
    const verdict = judgeOffer({ epoch: held.epoch(), term: this.term, held: held.of(networkId) }, message);
    this.term = Math.max(this.term, message.term);
    switch (verdict.kind) {
      case 'refuse':
        return this.refuse(message, verdict.code, verdict.message);
      case 'ignore':
        return answer('ignored', verdict.code, verdict.message);
      case 'held':
        this.ports.acknowledgeAgain(networkId);
        return answer('ignored', 'VERSION_HELD', `version ${message.to} is held already`);
      case 'unfounded':
        return answer('snapshot-needed', verdict.code, verdict.message);
      case 'take':
        return message.from === null ? this.assemble(message) : this.applyDelta(message);
    }
  }

  private assemble(message: TopologyMessage): TopologyReply {
    const step = this.assembly.add(message, this.ports.now().getTime());
    switch (step.kind) {
      case 'incomplete':
        return answer('received', null, null);
      case 'ignored':
        return answer('ignored', step.code, step.message);
      case 'refused':
        return this.refuse(message, step.code, step.message);
      case 'complete':
        return this.apply(message, step.body);
    }
  }

  private apply(message: TopologyMessage, body: string): TopologyReply {
    const { epoch, hash, networkId, to, signature } = message;
    let snapshot: Snapshot;
    try {
      snapshot = parseSnapshot(JSON.parse(body));
    } catch (error) {
      const code = error instanceof CodedError ? error.code : 'SNAPSHOT_INVALID';
      return this.refuse(message, code, error instanceof Error ? error.message : String(error));
    }
    if (snapshotHash(snapshot) !== hash) {
      return this.refuse(message, 'HASH_MISMATCH', 'the snapshot does not have the hash that was signed');
    }
    if (snapshot.networkId !== networkId || snapshot.version !== to) {
      return this.refuse(
        message,
        'SNAPSHOT_INVALID',
        'the snapshot contains another network or version than its signature names',
      );
    }
    this.ports.take({ epoch, hash, signature, snapshot }, null);
    return answer('received', null, null);
  }

  /** The hash that was signed tells whether the delta leads where it should; if not, the whole is asked for. */
  private applyDelta(message: TopologyMessage): TopologyReply {
    const { epoch, hash, networkId, to, signature } = message;
    const before = this.ports.held.of(networkId);
    let delta: SnapshotDelta;
    let snapshot: Snapshot;
    try {
      if (before === null) throw new SnapshotInvalidError('no version is held here that the delta could be applied to');
      delta = parseDelta(JSON.parse(message.body));
      snapshot = applyDelta(delta, before.snapshot);
      if (snapshotHash(snapshot) !== hash || snapshot.networkId !== networkId || snapshot.version !== to) {
        throw new SnapshotInvalidError('applying the delta does not give the snapshot that was signed');
      }
    } catch (error) {
      const code = error instanceof CodedError ? error.code : 'SNAPSHOT_INVALID';
      const why = error instanceof Error ? error.message : String(error);
      return answer('snapshot-needed', code, why.slice(0, MOST_REASON_CHARACTERS));
    }
    this.ports.take({ epoch, hash, signature, snapshot }, delta);
    return answer('received', null, null);
  }

  private refuse(message: TopologyMessage, code: string, why: string): TopologyReply {
    const { epoch, hash, networkId, to } = message;
    this.ports.reportRefusal({
      protocol: BUS_PROTOCOL,
      epoch,
      networkId,
      from: this.ports.held.of(networkId)?.snapshot.version ?? null,
      to,
      hash,
      signature: null,
      outcome: 'refused',
      code,
      message: why.slice(0, MOST_REASON_CHARACTERS),
      aliasFailures: [],
      flowsCut: [],
      appliedAt: this.ports.now().toISOString(),
    });
    return answer('refused', code, why.slice(0, MOST_REASON_CHARACTERS));
  }
}

const MOST_REASON_CHARACTERS = 1_000;

function answer(status: TopologyReply['status'], code: string | null, message: string | null): TopologyReply {
  return { protocol: BUS_PROTOCOL, status, code, message };
}
