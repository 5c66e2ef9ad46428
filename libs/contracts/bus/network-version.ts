import { type NetworkId, parseNetworkId } from '../ids.js';
import { type FieldParser, nullOr, parseObject, textUpTo } from '../json-fields.js';
import { counter, parseHash } from './fields.js';
import { BUS_PROTOCOL } from './protocol.js';

/** A store's epoch: a counter that only an operator raises, and a random id that distinguishes stores. */
export interface Epoch {
  readonly counter: number;
  readonly id: string;
}

/** What an agent holds, or should hold, of one network. */
export interface NetworkVersion {
  readonly networkId: NetworkId;
  readonly epoch: Epoch;
  readonly version: number;
  /** snapshotHash of the snapshot; in protocol 1 the SHA-256 of its text. */
  readonly hash: string;
  /**
   * The control plane's signature over epoch, version and hash, which came with the snapshot. It proves the version to
   * a restored store that no longer has it. null in protocol 1, and for what an agent of protocol 1 left on disk.
   */
  readonly signature: string | null;
}

/** Networks that one message may name. */
export const MAX_NETWORKS = 10_000;

/** Throws InvalidInputError. */
export function parseEpoch(value: unknown, field: string): Epoch {
  const epoch = parseObject(value, field);
  return { counter: counter(epoch.counter, `${field}.counter`), id: textUpTo(64)(epoch.id, `${field}.id`) };
}

/** Protocol 1 has no signatures. */
export const signatureIn =
  (protocol: number): FieldParser<string | null> =>
  (value, field) =>
    protocol < BUS_PROTOCOL ? null : nullOr(textUpTo(256))(value, field);

/** Throws InvalidInputError. */
export const networkVersionIn =
  (protocol: number): FieldParser<NetworkVersion> =>
  (value, field) => {
    const held = parseObject(value, field);
    return {
      networkId: parseNetworkId(held.networkId, `${field}.networkId`),
      epoch: parseEpoch(held.epoch, `${field}.epoch`),
      version: counter(held.version, `${field}.version`),
      hash: parseHash(held.hash, `${field}.hash`),
      signature: signatureIn(protocol)(held.signature, `${field}.signature`),
    };
  };
