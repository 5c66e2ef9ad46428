import { Inject, Injectable } from '@nestjs/common';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { DomainError } from '#libs/domain/decision.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { ClaimTakenError } from '#libs/event-store/errors.js';
import type { EventStore, UniqueClaim } from '#libs/event-store/event-store.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';

/** The public keys of an identity. */
export interface PublicKeys {
  readonly nkey: string;
  readonly meshKeyThumbprint: string;
}

/** The name of each kind of key in errors. */
const KINDS = {
  'bus-key': { code: 'BUS_KEY_TAKEN', name: 'bus key' },
  'mesh-key': { code: 'MESH_KEY_TAKEN', name: 'mesh key' },
} as const;

/** The key belongs, or belonged, to another agent or local node. */
export class KeyTakenError extends DomainError {
  constructor(scope: keyof typeof KINDS) {
    super(
      'conflict',
      KINDS[scope].code,
      `this ${KINDS[scope].name} belongs or belonged to another agent or local node`,
      'make new keys: for an agent with an empty state folder, for a machine with `gstacks mesh leave <network>` and `gstacks mesh join <network>`',
    );
  }
}

/** Claimed by the event that registers the keys, and never released: a key belongs to one identity for ever. */
export function keyClaims({ nkey, meshKeyThumbprint }: PublicKeys): readonly UniqueClaim[] {
  return [
    { scope: 'bus-key', value: nkey },
    { scope: 'mesh-key', value: meshKeyThumbprint },
  ];
}

/**
 * The stream of the identity that has this key in the log. Keys registered before claims existed may have two owners:
 * then an agent precedes a local node, and otherwise the earlier registration counts.
 */
export function knownOwner(
  { scope, value }: UniqueClaim,
  directory: Pick<Directory, 'agents' | 'localNodes'>,
): string | null {
  const isBusKey = scope === 'bus-key';
  const agent = directory
    .agents()
    .find(
      ({ state }) => (isBusKey ? state.nkey : state.meshKeyThumbprint) === value || state.revokedKeys.includes(value),
    );
  if (agent !== undefined) return streamOf(AGENT, agent.state.agentId);
  const node = directory.localNodes().find(({ state }) => (isBusKey ? state.nkey : state.meshKeyThumbprint) === value);
  return node === undefined ? null : streamOf(LOCAL_NODE, node.state.nodeId);
}

/** The owners of keys. */
@Injectable()
export class KeyOwners {
  constructor(
    private readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** Throws KeyTakenError unless each key belongs to this stream or to nobody. */
  async requireOwn(streamId: string, keys: PublicKeys): Promise<void> {
    for (const claim of keyClaims(keys)) {
      const owner = knownOwner(claim, this.directory) ?? (await this.store.findClaim(claim));
      if (owner !== null && owner !== streamId) throw takenError(claim);
    }
  }

  /** Turns the error of a write that lost a race for a key into KeyTakenError. */
  async orTaken<T>(write: Promise<T>): Promise<T> {
    try {
      return await write;
    } catch (error) {
      throw error instanceof ClaimTakenError ? takenError(error.claim) : error;
    }
  }
}

function takenError({ scope }: UniqueClaim): KeyTakenError {
  return new KeyTakenError(scope === 'bus-key' ? 'bus-key' : 'mesh-key');
}
