import { type Role } from '#libs/contracts/roles.js';

/** The authenticated user of a request. */
export interface Principal {
  readonly user: string;
  readonly role: Role;
  /** The token in the request, or that of the session. */
  readonly tokenId: string;
  /** null: the request has a token. */
  readonly sessionId: string | null;
  readonly expiresAt: Date | null;
  /** The networks that a machine may join with the token; null: as the role allows. */
  readonly joinNetworks: readonly string[] | null;
}

/** What guards and decorators read of a request; the guard sets `principal`. */
export interface HttpRequest {
  readonly id: string;
  readonly ip: string;
  readonly method: string;
  readonly url: string;
  /** The values of the route's path parameters. */
  readonly params?: { readonly [name: string]: string | undefined };
  readonly headers: { readonly [name: string]: string | string[] | undefined };
  readonly cookies?: { readonly [name: string]: string | undefined };
  principal?: Principal;
}
