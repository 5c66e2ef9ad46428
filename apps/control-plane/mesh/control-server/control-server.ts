import type { MeshApiKind } from '../../foundation/mesh-settings.js';
import type { Secret } from '../../foundation/secret.js';

export interface KeyRequest {
  /** Whether the control server forgets the node soon after it leaves. */
  readonly isEphemeral: boolean;
  readonly expiresAt: Date;
  /** A tag in the control server's form, `tag:gstacks-agent`, for keys that belong to no user. */
  readonly tag: string;
  /** Tells people at the control server what the key is for. */
  readonly description: string;
}

export interface MintedKey {
  readonly id: string;
  readonly key: Secret;
  readonly expiresAt: Date;
}

export interface MeshNodeRecord {
  readonly id: string;
  readonly name: string;
  readonly addresses: readonly string[];
  readonly isOnline: boolean | null;
  /** The key it joined with; null: the control server does not report it. */
  readonly keyId: string | null;
  /** null: not reported. */
  readonly joinedAt: Date | null;
}

/**
 * The part of a control server's REST API that the control plane uses. Every key is single-use and expires. All methods
 * throw the errors of errors.ts, which never contain a key or token.
 */
export interface MeshControlServer {
  readonly kind: MeshApiKind;
  mint(request: KeyRequest): Promise<MintedKey>;
  /** A missing key counts as expired. */
  expireKey(keyId: string): Promise<void>;
  /** True if a node has joined with the key, so that no other can. */
  isKeyUsed(keyId: string): Promise<boolean>;
  listNodes(): Promise<readonly MeshNodeRecord[]>;
  /** False: there is no such node. */
  deleteNode(nodeId: string): Promise<boolean>;
  /** Makes the node log in again. Throws MeshNodeUnknownError. */
  expireNode(nodeId: string): Promise<void>;
}
