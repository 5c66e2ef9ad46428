import { Inject, Injectable } from '@nestjs/common';
import { TokenBucket } from '#libs/async/token-bucket.js';
import { type TopologySigner, verifyHeld } from '#libs/bus/signing.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { TOPOLOGY_SIGNER } from '../foundation/provided.js';
import type { Claim } from './claims.js';
import { Regressions } from './regressions.js';

/**
 * A check takes a tenth of a millisecond: a burst takes a twentieth of a second, and the steady rate a fiftieth of a
 * processor.
 */
const AT_ONCE = 500;
const PER_SECOND = 200;

/** Checks the control plane's own signatures in agents' claims, a limited number for each agent. */
@Injectable()
export class SignatureChecks {
  private readonly left = new Map<AgentId, TokenBucket>();

  constructor(
    private readonly regressions: Regressions,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
  ) {}

  /**
   * null: too many of the agent's signatures were checked; it may show this one again. A signature known to be valid is
   * not checked again.
   */
  isSigned(agentId: AgentId, claim: Claim): boolean | null {
    if (claim.signature === null) return false;
    const known = this.regressions.ofAgent(claim.networkId, agentId)?.claim;
    if (known !== undefined && saysTheSame(known, claim)) return true;
    const nowMs = performance.now();
    const left = this.left.get(agentId) ?? new TokenBucket(PER_SECOND, AT_ONCE, nowMs);
    this.left.set(agentId, left);
    return left.take(1, nowMs) ? verifyHeld(this.signer.accepted, agentId, claim) : null;
  }
}

function saysTheSame(one: Claim, other: Claim): boolean {
  return (
    one.version === other.version &&
    one.hash === other.hash &&
    one.signature === other.signature &&
    one.epoch.id === other.epoch.id &&
    one.epoch.counter === other.epoch.counter
  );
}
