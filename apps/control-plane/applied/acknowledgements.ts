import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { Receipt } from '#libs/contracts/bus/receipt.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { ExpectedHashes } from '../record/expected-hashes.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { AgentStates } from './agent-states.js';
import { AppliedLog } from './applied-log.js';
import { type Claim, judgeClaim } from './claims.js';
import { DoubtedClaims } from './doubted-claims.js';
import { Regressions } from './regressions.js';
import { SignatureChecks } from './signature-checks.js';

type Refusal = Pick<Receipt, 'code' | 'message'>;

const TAKEN: Receipt = { protocol: BUS_PROTOCOL, ok: true, code: null, message: null };

/** Takes what agents say they hold and have applied: checks it, writes it to the log, and updates what is known. */
@Injectable()
export class Acknowledgements {
  constructor(
    private readonly log: AppliedLog,
    private readonly states: AgentStates,
    private readonly directory: Directory,
    private readonly hashes: ExpectedHashes,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly signatures: SignatureChecks,
    private readonly epoch: StoreEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves when the acknowledgement is in the log, or with a refusal if it cannot be true or does not concern this
   * store. Of a network in which the agent takes no part, or that is not in this store, nothing is kept.
   */
  async take(agentId: AgentId, message: AppliedMessage): Promise<Receipt> {
    const refusal =
      message.outcome === 'applied'
        ? this.check(agentId, { ...message, version: message.to }, message.protocol)
        : this.checkRefused(agentId, message);
    if (refusal !== null) return { protocol: BUS_PROTOCOL, ok: false, ...refusal };
    if (!this.isMember(agentId, message.networkId)) return TAKEN;
    const receivedAt = this.clock();
    await this.log.append(agentId, message);
    this.states.take(agentId, message, receivedAt);
    return TAKEN;
  }

  /** Takes a repeated acknowledgement from a heartbeat; if it is known already, this costs nothing. */
  repeat(agentId: AgentId, message: AppliedMessage): void {
    const known = this.states.of(agentId, message.networkId);
    if (known !== null && JSON.stringify(known) === JSON.stringify(message)) return;
    this.take(agentId, message).catch((error: unknown) =>
      this.logger.warn(
        { err: error, agentId },
        'an acknowledgement could not be written; it is tried again at the next heartbeat',
      ),
    );
  }

  /**
   * Checks what an agent says it holds; null: it may be right. For the previous protocol, only the current version's
   * hash is known.
   */
  check(agentId: AgentId, claim: Claim, protocol: number): Refusal | null {
    const { networkId } = claim;
    const record = this.directory.network(networkId);
    const isExpected = this.hashes.remembered(networkId);
    const judgement = judgeClaim(agentId, claim, {
      record,
      epoch: this.epoch.current,
      isExpected: (version, hash) => {
        const isRight = isExpected(agentId, version, hash);
        return protocol < BUS_PROTOCOL && version !== record?.topology.version ? isRight || null : isRight;
      },
      isSigned: (signed) => this.signatures.isSigned(agentId, signed),
    });
    switch (judgement.kind) {
      case 'agrees':
      case 'ended-epoch':
        this.doubted.settle(agentId, networkId);
        return null;
      case 'regressed':
        this.regressed(agentId, claim, judgement.detail, record?.topology.version ?? 0);
        return { code: 'EPOCH_REGRESSED', message: judgement.detail };
      case 'not-signed':
        if (this.doubted.setApart(agentId, networkId, judgement.detail)) {
          const { detail } = judgement;
          this.logger.error(
            { agentId, networkId, code: 'CLAIM_NOT_SIGNED', detail },
            'the agent gets no more versions of this network: its claim of the version that it holds has no valid ' +
              'signature',
          );
        }
        return {
          code: 'CLAIM_NOT_SIGNED',
          message: `${judgement.detail}, and the control plane's signature is missing or invalid`,
        };
      case 'not-a-member':
        this.doubted.countOutsider();
        return { code: 'NOT_A_MEMBER', message: judgement.detail };
      case 'not-checked':
        return {
          code: 'MEMBER_OVER_BOUNDS',
          message: `${agentId} sent more signatures than the control plane checks at once`,
        };
    }
  }

  /** Whether the agent takes part in this network, or once did. */
  isMember(agentId: AgentId, networkId: NetworkId): boolean {
    return this.directory.network(networkId)?.members.has(agentId) ?? false;
  }

  /** Checks that the refused version was one that this store offered to this agent. */
  private checkRefused(agentId: AgentId, { networkId, to, hash, epoch }: AppliedMessage): Refusal | null {
    if (!this.isMember(agentId, networkId)) {
      this.doubted.countOutsider();
      return { code: 'NOT_A_MEMBER', message: `${agentId} is not a member of network ${networkId}` };
    }
    const isRight = this.hashes.remembered(networkId)(agentId, to, hash);
    if (isRight !== false && epoch.id === this.epoch.current.id) return null;
    return { code: 'NOT_OFFERED', message: `version ${to} with this hash was not offered to ${agentId}` };
  }

  private regressed(agentId: AgentId, claim: Claim, detail: string, storeVersion: number): void {
    const { networkId } = claim;
    const regression = { networkId, agentId, networkName: null, storeVersion, claim, detail, foundAt: this.clock() };
    if (!this.regressions.report(regression)) return;
    this.logger.error(
      { agentId, networkId, code: 'EPOCH_REGRESSED', detail },
      'an agent holds a version that the store does not have: this network accepts only denials until an operator ' +
        'starts a new epoch',
    );
  }
}
