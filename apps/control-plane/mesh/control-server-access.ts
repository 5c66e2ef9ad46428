import { Inject, Injectable } from '@nestjs/common';
import type { MintingSettings } from '../foundation/mesh-settings.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import type { MeshControlServer } from './control-server/control-server.js';
import { openControlServer } from './control-server/open-control-server.js';

/** The mesh's control server by its API; its kind is determined once. */
@Injectable()
export class ControlServerAccess {
  private readonly closing = new AbortController();
  private known: MeshControlServer | null = null;

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  /** Error: MeshApiError. */
  async open(minting: MintingSettings): Promise<MeshControlServer> {
    this.known ??= await openControlServer(minting, { now: this.clock, signal: this.closing.signal });
    return this.known;
  }

  close(): void {
    this.closing.abort();
  }
}
