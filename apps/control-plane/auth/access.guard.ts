import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ROLES } from '#libs/contracts/http/session.js';
import { ForbiddenError, UnauthenticatedError } from '../http/errors.js';
import type { HttpRequest } from '../http/request.js';
import { ROUTE_ACCESS, type RouteAccess } from '../http/route.js';
import { ApiTokens } from './api-tokens.js';

/** Finds who asks and whether their role reaches the route's. A route that declares nothing is refused. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: ApiTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<RouteAccess | undefined>(ROUTE_ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === 'public' || access === 'operations') return true;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const principal = await this.tokens.recognise(bearerToken(request.headers.authorization));
    if (principal === null) throw new UnauthenticatedError();
    if (access === undefined || ROLES.indexOf(principal.role) < ROLES.indexOf(access)) {
      throw new ForbiddenError(principal.role, access ?? 'none');
    }
    request.principal = principal;
    return true;
  }
}

/** RFC 6750 section 2.1; anything else is as if there were none. */
function bearerToken(header: string | string[] | undefined): string {
  const match = typeof header === 'string' ? /^Bearer ([\x21-\x7e]{1,512})$/i.exec(header) : null;
  return match?.[1] ?? '';
}
