import { type ExecutionContext, Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerModuleOptions } from '@nestjs/throttler';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { TooManyRequestsError } from '../http/errors.js';
import { ROUTE_ACCESS } from '../http/route.js';

const MINUTE_MS = 60_000;

/** Limits the requests of one address: a high limit for all, a low one for those without a token. */
export function throttles(settings: ControlPlaneSettings): ThrottlerModuleOptions {
  return [
    { name: 'all', ttl: MINUTE_MS, limit: settings.requestsPerMinute },
    {
      name: 'public',
      ttl: MINUTE_MS,
      limit: settings.publicRequestsPerMinute,
      skipIf: (context) => Reflect.getMetadata(ROUTE_ACCESS, context.getHandler()) !== 'public',
    },
  ];
}

@Injectable()
export class ThrottleGuard extends ThrottlerGuard {
  protected override async throwThrottlingException(_context: ExecutionContext): Promise<void> {
    throw new TooManyRequestsError();
  }
}
