import type { Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parsePeerList } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId } from '#libs/contracts/ids.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import { moveAside, readStateFile, writeStateFile } from '../state/state-file.js';

/**
 * The other agents that this one may have sessions with, and where they are, as the control plane last said; on disk, so
 * that a restarted agent reaches them before it reaches the control plane, and takes nobody whom it took out. Endpoints
 * are hints: who answers there is proved by certificate.
 */
export class KnownPeers {
  private peers: readonly Peer[] = [];
  private revision = -1;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly self: AgentId,
    private readonly mesh: Pick<MeshMember, 'setPeers'> | null,
    private readonly onError: (error: unknown) => void,
  ) {}

  async restore(now: Date): Promise<void> {
    try {
      const saved = await readStateFile(this.path);
      if (saved !== null) this.use(parsePeerList(saved, 'peers'));
    } catch (error) {
      this.onError(error);
      await moveAside(this.path, now);
    }
  }

  /** Older revisions are ignored; those of another publisher begin anew, which `restart` tells. */
  update(revision: number, peers: readonly Peer[], restart: boolean): void {
    if (revision < this.revision && !restart) return;
    this.revision = revision;
    if (JSON.stringify(peers) === JSON.stringify(this.peers)) return;
    this.use(peers);
    this.writing = this.writing.then(() => writeStateFile(this.path, peers)).catch(this.onError);
  }

  endpointsOf(agentId: AgentId): readonly string[] {
    return this.peers.find((peer) => peer.agentId === agentId)?.endpoints ?? [];
  }

  close(): Promise<void> {
    return this.writing;
  }

  private use(peers: readonly Peer[]): void {
    this.peers = peers;
    this.mesh?.setPeers(peers.filter(({ agentId }) => agentId !== this.self));
  }
}
