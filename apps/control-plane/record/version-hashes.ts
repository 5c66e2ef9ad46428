import type { AgentId } from '#libs/contracts/ids.js';
import { snapshotHead } from '#libs/policy/compile.js';
import { egressRulesOf } from '#libs/policy/egress-rules-of.js';
import type { Snapshot, Topology } from '#libs/policy/model.js';
import { EMPTY_DIGEST, hashOfDigest, type SnapshotDigest, type SnapshotHead } from '#libs/policy/snapshot-digest.js';

type EgressRules = NonNullable<Snapshot['egress']>;

const NO_RULES: EgressRules = [];

/**
 * The hash of what each agent holds after applying this version. Participants hold the same elements, and the egress
 * rules of their own sandboxes. Other agents hold nothing.
 */
export class VersionHashes {
  private readonly known = new Map<string, string>();
  private readonly heads: { readonly [taking in 'in' | 'out']: SnapshotHead };
  /** Keeps the whole topology alive only if there are egress rules. */
  private readonly egressOf: (agentId: AgentId) => EgressRules;

  constructor(
    topology: Topology,
    private readonly digest: SnapshotDigest,
  ) {
    this.heads = { in: snapshotHead(topology, true), out: snapshotHead(topology, false) };
    this.egressOf = topology.egressRules.size === 0 ? () => NO_RULES : (agentId) => egressRulesOf(topology, agentId);
  }

  /** The same as `snapshotHash` of what `compile` returns for this version and agent. */
  of(agentId: AgentId, participates: boolean): string {
    const egress = participates ? this.egressOf(agentId) : NO_RULES;
    const key = `${participates} ${egress.map(({ id }) => id).join(' ')}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const digest = participates ? this.digest : EMPTY_DIGEST;
    const hash = hashOfDigest(this.heads[participates ? 'in' : 'out'], digest, egress);
    this.known.set(key, hash);
    return hash;
  }
}
