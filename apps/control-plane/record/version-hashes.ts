import { snapshotHead, type TopologyHead } from '#libs/policy/compile.js';
import { EMPTY_DIGEST, hashOfDigest, type SnapshotDigest } from '#libs/policy/snapshot-digest.js';

/** What agents have to hold to have applied one version: all who take part the same, all others nothing. */
export class VersionHashes {
  private readonly known = new Map<boolean, string>();

  constructor(
    private readonly head: TopologyHead,
    private readonly digest: SnapshotDigest,
  ) {}

  /** As `snapshotHash` of what `compile` makes of that version. */
  of(participates: boolean): string {
    const known = this.known.get(participates);
    if (known !== undefined) return known;
    const hash = hashOfDigest(snapshotHead(this.head, participates), participates ? this.digest : EMPTY_DIGEST);
    this.known.set(participates, hash);
    return hash;
  }
}
