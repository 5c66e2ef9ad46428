import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import type { NetworkId } from '#libs/contracts/ids.js';

export interface AssemblyBounds {
  readonly charactersPerSnapshot: number;
  /** Of all snapshots under way. */
  readonly charactersInAll: number;
  /** Parts that are followed by none for so long are let go of. */
  readonly patienceMs: number;
}

export const ASSEMBLY_BOUNDS: AssemblyBounds = {
  charactersPerSnapshot: 64 * 1_048_576,
  charactersInAll: 128 * 1_048_576,
  patienceMs: 30_000,
};

export type AssemblyStep =
  | { readonly kind: 'complete'; readonly body: string }
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'ignored'; readonly code: string; readonly message: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

interface Assembly {
  readonly key: string;
  readonly epochCounter: number;
  readonly to: number;
  readonly parts: (string | undefined)[];
  missing: number;
  characters: number;
  lastPartMs: number;
}

/** Puts the parts of snapshots together: one snapshot a network, the newest; bounded in size and time. */
export class PartAssembly {
  private readonly assemblies = new Map<NetworkId, Assembly>();

  constructor(private readonly bounds: AssemblyBounds = ASSEMBLY_BOUNDS) {}

  add(message: TopologyMessage, nowMs: number): AssemblyStep {
    this.letGoOfAbandoned(nowMs);
    const { networkId, part, body } = message;
    const assembly = this.assemblyFor(message, nowMs);
    if (assembly === null) {
      return { kind: 'ignored', code: 'VERSION_SUPERSEDED', message: 'parts of a newer version are arriving' };
    }
    assembly.lastPartMs = nowMs;
    if (assembly.parts[part.index] === undefined) {
      assembly.parts[part.index] = body;
      assembly.missing -= 1;
      assembly.characters += body.length;
    }
    if (assembly.characters > this.bounds.charactersPerSnapshot || this.total() > this.bounds.charactersInAll) {
      this.assemblies.delete(networkId);
      return { kind: 'refused', code: 'SNAPSHOT_TOO_LARGE', message: 'the snapshot is larger than an agent accepts' };
    }
    if (assembly.missing > 0) return { kind: 'incomplete' };
    this.assemblies.delete(networkId);
    return { kind: 'complete', body: assembly.parts.join('') };
  }

  private assemblyFor(message: TopologyMessage, nowMs: number): Assembly | null {
    const { networkId, epoch, to, hash, part } = message;
    const key = [epoch.counter, epoch.id, to, hash, part.count].join(' ');
    const current = this.assemblies.get(networkId);
    if (current?.key === key) return current;
    const newer = current === undefined || epoch.counter > current.epochCounter || to >= current.to;
    if (!newer) return null;
    const begun: Assembly = {
      key,
      epochCounter: epoch.counter,
      to,
      parts: new Array<string | undefined>(part.count).fill(undefined),
      missing: part.count,
      characters: 0,
      lastPartMs: nowMs,
    };
    this.assemblies.set(networkId, begun);
    return begun;
  }

  private total(): number {
    let characters = 0;
    for (const assembly of this.assemblies.values()) characters += assembly.characters;
    return characters;
  }

  private letGoOfAbandoned(nowMs: number): void {
    for (const [networkId, { lastPartMs }] of this.assemblies) {
      if (nowMs - lastPartMs > this.bounds.patienceMs) this.assemblies.delete(networkId);
    }
  }
}
