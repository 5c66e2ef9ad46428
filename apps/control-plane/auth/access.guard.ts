import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { RANKED_ROLES, type RankedRole } from '#libs/contracts/roles.js';
import { ForbiddenError, JoinNotAllowedError, UnauthenticatedError } from '../http/errors.js';
import type { HttpRequest, Principal } from '../http/request.js';
import { ROUTE_ACCESS, ROUTE_FOR_JOINERS, type RouteAccess } from '../http/route.js';
import { ApiTokens } from './api-tokens.js';
import { ConsoleSessions } from './console-sessions.js';
import { requireOwnOrigin } from './own-origin.js';
import { sessionSecretOf } from './session-cookie.js';

/**
 * Authenticates the request and checks that the role is sufficient for the route. A route that declares no role is
 * refused.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: ApiTokens,
    private readonly sessions: ConsoleSessions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const declared = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, declared);
    if (access === 'public' || access === 'operations') return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const principal = await this.principalOf(request);
    if (principal === null) throw new UnauthenticatedError();
    const isForJoiners = this.reflector.getAllAndOverride<boolean>(ROUTE_FOR_JOINERS, declared);
    const network = request.params?.network ?? null;
    if (access === undefined || !mayUse(principal, access, isForJoiners)) {
      if (isForJoiners) throw new JoinNotAllowedError(principal, network);
      throw new ForbiddenError(principal.role, access ?? 'none');
    }
    if (isForJoiners && network !== null && principal.joinNetworks?.includes(network) === false) {
      throw new JoinNotAllowedError(principal, network);
    }
    request.principal = principal;
    return true;
  }

  /** A token is sufficient on its own; a session belongs to a browser and must come from the console's own page. */
  private async principalOf(request: HttpRequest): Promise<Principal | null> {
    const { authorization } = request.headers;
    if (authorization !== undefined) return this.tokens.recognise(bearerToken(authorization));
    const secret = sessionSecretOf(request);
    if (secret === null) return null;
    requireOwnOrigin(request);
    return this.sessions.recognise(secret);
  }
}

function mayUse({ role, joinNetworks }: Principal, least: RankedRole, isForJoiners: boolean): boolean {
  if (isForJoiners && joinNetworks !== null) return true;
  if (role === 'joiner') return isForJoiners;
  return RANKED_ROLES.indexOf(role) >= RANKED_ROLES.indexOf(least);
}

/** RFC 6750 section 2.1; anything else counts as no token. */
function bearerToken(header: string | string[]): string {
  const match = typeof header === 'string' ? /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header) : null;
  return match?.[1] ?? '';
}
