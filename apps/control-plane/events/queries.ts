import { Query } from '@nestjs/cqrs';
import type { FastifyReply } from 'fastify';
import type { Principal } from '../http/request.js';

/** Resolves when the stream has begun; it continues until either side ends it. */
export class OpenEvents extends Query<void> {
  constructor(
    /** Empty: none. */
    readonly lastEventId: string,
    readonly principal: Principal,
    readonly reply: FastifyReply,
  ) {
    super();
  }
}
