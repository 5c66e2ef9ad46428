import type { Epoch } from '#libs/contracts/bus/network-version.js';
import type { TopologyMessage } from '#libs/contracts/bus/to-member/topology.js';
import { type HeldNetwork, sameEpoch } from './held-network.js';

/** What to do with a version on offer. */
export type Acceptance =
  | { readonly kind: 'take' }
  /** Held already: its acknowledgement is due again. */
  | { readonly kind: 'held' }
  /** It starts from another version than the one held. */
  | { readonly kind: 'unfounded'; readonly code: string; readonly message: string }
  | { readonly kind: 'ignore'; readonly code: string; readonly message: string }
  | { readonly kind: 'refuse'; readonly code: string; readonly message: string };

type Offer = Pick<TopologyMessage, 'epoch' | 'term' | 'to' | 'hash' | 'from'>;

export interface Position {
  /** The highest epoch that anything was taken from. */
  readonly epoch: Epoch | null;
  readonly term: number;
  readonly held: HeldNetwork | null;
}

/**
 * Whether an offer, whose signature holds, leads forward: never back within an epoch, never to a lower epoch, never
 * to another store's epoch of the same counter, never from a publisher that has been replaced.
 */
export function judgeOffer(position: Position, offer: Offer): Acceptance {
  const { epoch, held } = position;
  if (offer.term < position.term) {
    return ignore(
      'TERM_SUPERSEDED',
      `it was sent by a control plane of term ${offer.term}, which one of term ${position.term} has replaced`,
    );
  }
  if (epoch !== null && offer.epoch.counter < epoch.counter) {
    return regressed(`it is of epoch ${offer.epoch.counter}; epoch ${epoch.counter} is held here`);
  }
  if (epoch !== null && offer.epoch.counter === epoch.counter && offer.epoch.id !== epoch.id) {
    return regressed(
      `epoch ${epoch.counter} has id ${epoch.id} here and ${offer.epoch.id} at the control plane: these are two stores`,
    );
  }
  if (held === null || !sameEpoch(held.epoch, offer.epoch)) return takeFrom(null, offer);
  const { version } = held.snapshot;
  if (offer.to < version)
    return ignore('VERSION_SUPERSEDED', `it is version ${offer.to}; version ${version} is held here`);
  if (offer.to > version) return takeFrom(version, offer);
  if (offer.hash === held.hash) return { kind: 'held' };
  return regressed(`version ${version} has hash ${held.hash} here and ${offer.hash} at the control plane`);
}

function takeFrom(version: number | null, { from, to }: Offer): Acceptance {
  if (from === null || from === version) return { kind: 'take' };
  const message = `the delta leads from version ${from} to ${to}, but version ${version ?? 'none'} is held here`;
  return { kind: 'unfounded', code: 'DELTA_UNFOUNDED', message };
}

function ignore(code: string, message: string): Acceptance {
  return { kind: 'ignore', code, message };
}

function regressed(message: string): Acceptance {
  return { kind: 'refuse', code: 'EPOCH_REGRESSED', message };
}
