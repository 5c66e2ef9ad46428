import { type Role } from '#libs/contracts/roles.js';

/** Who is asking, as the authentication guard found. */
export interface Principal {
  readonly user: string;
  readonly role: Role;
  /** The token that was shown, or that the session was opened with. */
  readonly tokenId: string;
  /** null: a token was shown. */
  readonly sessionId: string | null;
  readonly expiresAt: Date | null;
  /** The networks that a machine may join with the token; null: as the role says. */
  readonly joinNetworks: readonly string[] | null;
}

/** What the guards and decorators read of a request; the guard sets `principal`. */
export interface HttpRequest {
  readonly id: string;
  readonly ip: string;
  readonly method: string;
  readonly url: string;
  /** What stands in the path for the names in the route. */
  readonly params?: { readonly [name: string]: string | undefined };
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly cookies?: { readonly [name: string]: string | undefined };
  principal?: Principal;
}
