import { Inject, Injectable } from '@nestjs/common';
import type { NetworkName } from '#libs/contracts/ids.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { NetworkPast } from '../status/network-past.js';

/** What a network was at a version, and which of its sandboxes there are now. */
@Injectable()
export class NetworkReverts {
  constructor(
    private readonly past: NetworkPast,
    private readonly directory: Directory,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Errors: NETWORK_NOT_FOUND, VERSION_NOT_FOUND, EVENT_UNKNOWN. */
  async command(name: NetworkName, version: number): Promise<NetworkCommandOf<'RevertNetwork'>> {
    const network = await this.past.find(name);
    const { topology: past } = await this.past.existing(
      network,
      await this.past.versionAt(network, { kind: 'version', version }),
    );
    const known = [...past.sandboxes.keys()].flatMap((sandboxId) => this.directory.sandbox(sandboxId) ?? []);
    const sandboxes = new Map(known.map((sandbox) => [sandbox.sandboxId, sandbox]));
    return { kind: 'RevertNetwork', past, sandboxes, now: this.clock() };
  }
}
