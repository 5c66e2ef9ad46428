import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { MeshNodeEnd } from '#libs/contracts/statuses.js';
import type { MeshNodeOwner } from '#libs/mesh/hostname.js';
import { CLOCK, type Clock, LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { ControlServerAccess } from './control-server-access.js';
import { keySourceWarnings } from './key-source-warnings.js';
import { MeshKeyRecords } from './mesh-key-records.js';
import { hasOwnerEnded } from './mesh-leftovers.js';
import { MeshSweep } from './mesh-sweep.js';
import { Rounds } from './rounds.js';

/** How long the answer to a revocation waits for its mesh node to be removed. */
const GONE_WITHIN_MS = 3_000;

/**
 * Removes what no owner needs from the control server: unused keys, and nodes whose owner has ended. What to do follows
 * from the records and the directory alone, so it continues after a restart.
 */
@Injectable()
export class MeshKeyUpkeep {
  private readonly rounds: Rounds;

  constructor(
    private readonly sweep: MeshSweep,
    private readonly records: MeshKeyRecords,
    private readonly access: ControlServerAccess,
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.rounds = new Rounds({
      run: () => this.round(),
      onError: (error) =>
        this.logger.warn(
          { err: error },
          'mesh keys and nodes that are no longer needed could not be removed at the control server; trying again',
        ),
    });
  }

  start(): void {
    const { mesh } = this.settings;
    for (const { code, message } of keySourceWarnings(mesh)) this.logger.warn({ code }, message);
    if (mesh.keySource.kind !== 'minted') return;
    this.feed.onChange(({ agents, localNodes }) => {
      const isRevoked = [...agents].some((agentId) => (this.directory.agent(agentId)?.voidKeys.size ?? 0) > 0);
      const hasEnded = [...localNodes].some((nodeId) => this.directory.localNode(nodeId)?.endedAt !== null);
      if (isRevoked || hasEnded) this.rounds.ask();
    });
    this.rounds.start();
  }

  /** A key was minted, so older keys of its owner are superseded. */
  minted(): void {
    this.rounds.ask();
  }

  /** What is left of an ended owner: resolves when nothing is, or at the deadline. */
  async leftOf(owner: MeshNodeOwner): Promise<MeshNodeEnd> {
    const deadline = AbortSignal.timeout(GONE_WITHIN_MS);
    this.rounds.ask();
    for (;;) {
      const roundEnds = this.rounds.ended(deadline);
      const keys = (await this.records.ofOwner(owner)).filter((key) => hasOwnerEnded(key, this.directory));
      if (keys.length === 0) return 'none';
      if (keys.every(({ removedAt }) => removedAt !== null)) return 'removed';
      if (this.settings.mesh.keySource.kind !== 'minted' || !(await roundEnds)) return 'pending';
    }
  }

  async close(): Promise<void> {
    const closed = this.rounds.close();
    this.access.close();
    await closed;
  }

  private async round(): Promise<number | null> {
    const { keySource } = this.settings.mesh;
    if (keySource.kind !== 'minted') return null;
    const nextAt = await this.sweep.run(keySource.minting);
    return nextAt === null ? null : nextAt.getTime() - this.clock().getTime();
  }
}
