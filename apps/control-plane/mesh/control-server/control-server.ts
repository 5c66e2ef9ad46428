import type { MeshApiKind } from '../../foundation/mesh-settings.js';
import type { Secret } from '../../foundation/secret.js';

export interface KeyRequest {
  /** The node is forgotten by the control server soon after it leaves. */
  readonly isEphemeral: boolean;
  readonly expiresAt: Date;
  /** As the control server writes it: `tag:gstacks-agent`. Used where keys belong to no user. */
  readonly tag: string;
  /** Says to people at the control server what the key is for. */
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
  /** The key it joined with; null where the control server does not tell. */
  readonly keyId: string | null;
  /** null: not told. */
  readonly joinedAt: Date | null;
}

/**
 * What the control plane asks of the REST API of a control server. Every key is single use and ends. All methods throw
 * the errors of errors.ts, none of which repeats a key or token.
 */
export interface MeshControlServer {
  readonly kind: MeshApiKind;
  mint(request: KeyRequest): Promise<MintedKey>;
  /** One that is gone already is as good as ended. */
  expireKey(keyId: string): Promise<void>;
  /** True for a key that no node can join with any more, because one has. */
  isKeyUsed(keyId: string): Promise<boolean>;
  listNodes(): Promise<readonly MeshNodeRecord[]>;
  /** False when there is no such node. */
  deleteNode(nodeId: string): Promise<boolean>;
  /** The node has to log in again. Throws MeshNodeUnknownError. */
  expireNode(nodeId: string): Promise<void>;
}
