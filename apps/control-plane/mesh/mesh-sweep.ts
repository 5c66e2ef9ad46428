import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { apiName, type MintingSettings } from '../foundation/mesh-settings.js';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import type { MeshControlServer } from './control-server/control-server.js';
import { ControlServerAccess } from './control-server-access.js';
import type { MeshKey } from './mesh-key.entity.js';
import { MeshKeyRecords } from './mesh-key-records.js';
import { type EndedOwner, endedOwners, hasOwnerEnded, keysToSettle, nodesLeftBy } from './mesh-leftovers.js';

/** Removes once everything from the control server that no owner needs. */
@Injectable()
export class MeshSweep {
  constructor(
    private readonly directory: Directory,
    private readonly records: MeshKeyRecords,
    private readonly access: ControlServerAccess,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Resolves with the time when a key has to be checked next. A failure stops nothing else: the first error is thrown
   * after everything was tried. Errors: MeshApiError, the database's.
   */
  async run(minting: MintingSettings): Promise<Date | null> {
    const keys = await this.records.notRemoved(apiName(minting));
    const ended = keys.filter((key) => hasOwnerEnded(key, this.directory));
    const goingOn = keys.filter((key) => !ended.includes(key));
    const { due, nextAt } = keysToSettle(goingOn, this.clock());
    if (ended.length === 0 && due.length === 0) return nextAt;

    const server = await this.access.open(minting);
    const failures: unknown[] = [];
    const attempt = (act: () => Promise<void>): Promise<void> =>
      act().catch((error: unknown) => void failures.push(error));
    const shut: EndedOwner[] = [];
    for (const owner of endedOwners(ended, goingOn)) {
      await attempt(async () => {
        await this.expire(server, owner.keys);
        shut.push(owner);
      });
    }
    if (shut.length > 0) await attempt(() => this.removeNodes(server, shut, attempt));
    for (const key of due) {
      await attempt(async () => {
        if (await server.isKeyUsed(key.keyId)) await this.records.settled([key]);
        else await this.expire(server, [key]);
      });
    }
    if (failures.length > 0) throw failures[0];
    return nextAt;
  }

  private async expire(server: MeshControlServer, keys: readonly MeshKey[]): Promise<void> {
    for (const key of keys) {
      if (key.settledAt !== null) continue;
      await server.expireKey(key.keyId);
      await this.records.settled([key]);
    }
  }

  /** Nodes are listed after all keys are unusable, so that none joins in between. */
  private async removeNodes(
    server: MeshControlServer,
    owners: readonly EndedOwner[],
    attempt: (act: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const nodes = await server.listNodes();
    for (const owner of owners) {
      await attempt(async () => {
        for (const { id, name } of nodesLeftBy(owner, nodes)) {
          await server.deleteNode(id);
          this.logger.info(
            { meshNode: id, name, owner: owner.hostName },
            'the mesh node of a revoked or ended agent or local node was deleted at the control server',
          );
        }
        await this.records.removed(owner.keys);
      });
    }
  }
}
