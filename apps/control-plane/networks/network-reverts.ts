import { Injectable } from '@nestjs/common';
import type { NetworkName } from '#libs/contracts/ids.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import { Directory } from '../record/directory.js';
import { NetworkPast } from '../status/network-past.js';

/** What a network was at a version, and which of its sandboxes there are now. */
@Injectable()
export class NetworkReverts {
  constructor(
    private readonly past: NetworkPast,
    private readonly directory: Directory,
  ) {}

  /** Errors: NETWORK_NOT_FOUND, VERSION_NOT_FOUND, EVENT_UNKNOWN. */
  async command(name: NetworkName, version: number): Promise<NetworkCommandOf<'RevertNetwork'>> {
    const network = await this.past.find(name);
    const { topology: past } = await this.past.existing(
      network,
      await this.past.versionAt(network, { kind: 'version', version }),
    );
    const known = [...past.sandboxes.keys()].flatMap((sandboxId) => this.directory.sandbox(sandboxId) ?? []);
    return { kind: 'RevertNetwork', past, sandboxes: new Map(known.map((sandbox) => [sandbox.sandboxId, sandbox])) };
  }
}
