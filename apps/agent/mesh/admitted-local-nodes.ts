import type { AdmittedLocalNode } from '#libs/contracts/bus/to-member/peers.js';
import { parseLocalNodeList } from '#libs/contracts/bus/to-member/peers.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { LocalSource } from '#libs/data-plane/data-plane.js';
import type { MeshMember } from '#libs/mesh/flow.js';
import { moveAside, readStateFile, writeStateFile } from '../state/state-file.js';

/**
 * Developers' machines that may have sessions with this agent and ask it for flows, as the control plane last said; on disk, so that a restarted
 * agent serves them before it reaches the control plane. A certificate says who a machine is; only this list says
 * that it may still come, so that one that is revoked is out at once.
 */
export class AdmittedLocalNodes {
  private nodes = new Map<string, AdmittedLocalNode>();
  private revision = -1;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly mesh: Pick<MeshMember, 'setLocalNodes'> | null,
    /** Called when somebody is not admitted any more. */
    private readonly changed: () => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  async restore(now: Date): Promise<void> {
    try {
      const saved = await readStateFile(this.path);
      if (saved !== null) this.use(parseLocalNodeList(saved, 'localNodes'));
    } catch (error) {
      this.onError(error);
      await moveAside(this.path, now);
    }
  }

  admits(networkId: NetworkId, { user, node }: LocalSource): boolean {
    return this.nodes.has(nameOf({ nodeId: node, user, networkId }));
  }

  /** Older revisions are ignored; those of another publisher begin anew, which `restart` tells. */
  update(revision: number, localNodes: readonly AdmittedLocalNode[], restart: boolean): void {
    if (revision < this.revision && !restart) return;
    this.revision = revision;
    const next = byName(localNodes);
    if (next.size === this.nodes.size && [...next.keys()].every((name) => this.nodes.has(name))) return;
    this.use(localNodes);
    this.changed();
    this.writing = this.writing.then(() => writeStateFile(this.path, localNodes)).catch(this.onError);
  }

  close(): Promise<void> {
    return this.writing;
  }

  /** A machine has one certificate and one session for each network that it has joined. */
  private use(localNodes: readonly AdmittedLocalNode[]): void {
    this.nodes = byName(localNodes);
    this.mesh?.setLocalNodes(localNodes.map(({ user, nodeId }) => ({ user, node: nodeId })));
  }
}

function nameOf({ nodeId, user, networkId }: AdmittedLocalNode): string {
  return JSON.stringify([nodeId, user, networkId]);
}

function byName(nodes: readonly AdmittedLocalNode[]): Map<string, AdmittedLocalNode> {
  return new Map(nodes.map((node) => [nameOf(node), node]));
}
