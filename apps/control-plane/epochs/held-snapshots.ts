import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { type TopologySigner, verifyHeld } from '#libs/bus/signing.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { HeldReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import type { Snapshot } from '#libs/policy/model.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { Questions } from '../delivery/questions.js';
import { agentReceiver } from '../delivery/receiver.js';
import { LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';

type Held = NonNullable<HeldReply['held']>;

/** Fetches the snapshots that agents hold, and verifies the control plane's signature on them. */
@Injectable()
export class HeldSnapshots {
  constructor(
    private readonly questions: Questions,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** null: the agent does not answer, holds nothing, or its snapshot was not signed for it. */
  async of(agentId: AgentId, networkId: NetworkId): Promise<Snapshot | null> {
    const parts: string[] = [];
    let first: Held | null = null;
    do {
      const held = await this.part(agentId, networkId, parts.length);
      if (held === null || (first !== null && held.version.hash !== first.version.hash)) return null;
      first ??= held;
      parts.push(held.body);
    } while (parts.length < first.part.count);
    return this.proven(agentId, first.version, parts.join(''));
  }

  private async part(agentId: AgentId, networkId: NetworkId, part: number): Promise<Held | null> {
    const question = { protocol: BUS_PROTOCOL, kind: 'held', networkId, part } as const;
    const reply = await this.questions.ask(agentReceiver(agentId), question);
    return reply?.kind === 'held' ? reply.held : null;
  }

  private proven(agentId: AgentId, version: Held['version'], text: string): Snapshot | null {
    const { networkId, hash } = version;
    try {
      const snapshot = parseSnapshot(JSON.parse(text));
      const isSigned = verifyHeld(this.signer.accepted, agentId, version);
      if (isSigned && snapshot.networkId === networkId && snapshotHash(snapshot) === hash) return snapshot;
      this.logger.warn(
        { agentId, networkId, version: version.version },
        'the snapshot that the agent sent was not signed for it; it is not compared',
      );
    } catch (error) {
      if (!(error instanceof CodedError) && !(error instanceof SyntaxError)) throw error;
      this.logger.warn(
        { err: error, agentId, networkId },
        'the snapshot that the agent sent could not be read; it is not compared',
      );
    }
    return null;
  }
}
