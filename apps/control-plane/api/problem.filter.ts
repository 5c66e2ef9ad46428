import { type ArgumentsHost, Catch, type ExceptionFilter, Inject, NotFoundException } from '@nestjs/common';
import type { Logger } from 'pino';
import type { ProblemDto } from '#libs/contracts/http/problem.js';
import { LOGGER } from '../foundation/provided.js';
import { StoreRoom } from '../foundation/store-room.js';
import { MethodNotAllowedError } from '../http/errors.js';
import type { HttpRequest } from '../http/request.js';
import { DeclaredRoutes } from './declared-routes.js';
import { problemOf } from './problem.js';

interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: string): unknown;
}

/** Answers every error as problem+json (RFC 9457). Only unexpected errors are logged in full. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly room: StoreRoom,
    private readonly routes: DeclaredRoutes,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const error = this.withMethods(thrown, request);
    const problem = this.problem(error, request.id);
    if (problem.status >= 500) {
      this.logger.error({ requestId: request.id, code: problem.code, err: error }, 'request failed');
    }
    const reply = http.getResponse<Reply>();
    reply.status(problem.status).header('content-type', 'application/problem+json; charset=utf-8');
    if (problem.status === 503 || problem.status === 504) reply.header('retry-after', '1');
    if (error instanceof MethodNotAllowedError) reply.header('allow', error.allowed.join(', '));
    if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
    reply.send(JSON.stringify(problem));
  }

  /**
   * Turns the framework's 404 into the answer for a wrong method, where the path has other methods; routes throw our
   * own errors.
   */
  private withMethods(error: unknown, { method, url }: HttpRequest): unknown {
    if (!(error instanceof NotFoundException)) return error;
    const allowed = this.routes.methodsOf(url);
    return allowed.length === 0 ? error : new MethodNotAllowedError(method, allowed);
  }

  /** A database with a full disk may crash, and then be unavailable for that reason. */
  private problem(error: unknown, requestId: string): ProblemDto {
    const problem = problemOf(error, requestId);
    const { full } = this.room;
    return full !== null && problem.code === 'STORE_UNAVAILABLE' ? problemOf(full, requestId) : problem;
  }
}
