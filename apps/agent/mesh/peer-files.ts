import { join } from 'node:path';
import { Turns } from '#libs/async/turns.js';
import type { AdmittedLocalNode, Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parseLocalNodeList, parsePeerList } from '#libs/contracts/bus/to-member/peers.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import type { PeerList } from '#libs/member/admitted-peers.js';
import { moveAside, readStateFile, writeStateFile } from '../state/state-file.js';

/**
 * Keeps on disk the peers that the control plane named last. With them, a restarted agent can reach its peers before it
 * reaches the control plane, and still refuses revoked ones.
 */
export class PeerFiles {
  private readonly writes = new Turns();

  constructor(
    private readonly folder: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  async load(now: Date): Promise<PeerList> {
    return {
      peers: await this.read('peers', parsePeerList, now),
      localNodes: await this.read('local-nodes', parseLocalNodeList, now),
    };
  }

  savePeers(peers: readonly Peer[]): void {
    this.write('peers', peers);
  }

  saveLocalNodes(localNodes: readonly AdmittedLocalNode[]): void {
    this.write('local-nodes', localNodes);
  }

  close(): Promise<void> {
    return this.writes.idle();
  }

  /** An unusable file is moved aside. Then no peer is known until the control plane names them again. */
  private async read<T>(name: string, parse: FieldParser<readonly T[]>, now: Date): Promise<readonly T[]> {
    try {
      const saved = await readStateFile(this.pathOf(name));
      return saved === null ? [] : parse(saved, name);
    } catch (error) {
      this.onError(error);
      await moveAside(this.pathOf(name), now);
      return [];
    }
  }

  private write(name: string, value: unknown): void {
    this.writes.take(() => writeStateFile(this.pathOf(name), value)).catch(this.onError);
  }

  private pathOf(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}
