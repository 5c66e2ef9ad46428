import { Inject, Injectable } from '@nestjs/common';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { DomainError } from '#libs/domain/decision.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { ClaimTakenError } from '#libs/event-store/errors.js';
import type { EventStore, UniqueClaim } from '#libs/event-store/event-store.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';

/** The public halves of an identity's keys. */
export interface PublicKeys {
  readonly nkey: string;
  readonly meshKeyThumbprint: string;
}

/** What is told of a key that is somebody else's. */
const KINDS = {
  'bus-key': { code: 'BUS_KEY_TAKEN', name: 'bus key' },
  'mesh-key': { code: 'MESH_KEY_TAKEN', name: 'mesh key' },
} as const;

/** The key is, or was, another agent's or local node's. */
export class KeyTakenError extends DomainError {
  constructor(scope: keyof typeof KINDS) {
    super(
      'conflict',
      KINDS[scope].code,
      `this ${KINDS[scope].name} belongs to another agent or local node, now or before`,
      'make new keys: for an agent with an empty state folder, for a machine with `gstacks mesh leave <network>` and `gstacks mesh join <network>`',
    );
  }
}

/** Taken with the event that registers the keys, and never released: a key is one identity's for ever. */
export function keyClaims({ nkey, meshKeyThumbprint }: PublicKeys): readonly UniqueClaim[] {
  return [
    { scope: 'bus-key', value: nkey },
    { scope: 'mesh-key', value: meshKeyThumbprint },
  ];
}

/**
 * The stream of the identity that the log knows this key by. Keys registered before claims were taken may be two
 * identities': an agent's goes before a local node's, and of two of a kind the one that came first.
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

/** Whose each key is. */
@Injectable()
export class KeyOwners {
  constructor(
    private readonly directory: Directory,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** Error: KeyTakenError, unless both keys are this stream's or nobody's. */
  async requireOwn(streamId: string, keys: PublicKeys): Promise<void> {
    for (const claim of keyClaims(keys)) {
      const owner = knownOwner(claim, this.directory) ?? (await this.store.findClaim(claim));
      if (owner !== null && owner !== streamId) throw takenError(claim);
    }
  }

  /** A write that lost a race for one of the keys ends with KeyTakenError. */
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
