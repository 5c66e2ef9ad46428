import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { formatCursor } from '#libs/contracts/http/page.js';
import type { ConsoleSessionDto, ConsoleSessionPageDto, SessionsEndedDto } from '#libs/contracts/http/sign-in.js';
import { DEFAULT_PAGE_SIZE } from '#libs/contracts/page-size.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { NotFoundError, SignInRefusedError, UnauthenticatedError } from '../http/errors.js';
import { ApiTokens } from './api-tokens.js';
import { type ConsoleSession, ConsoleSessions } from './console-sessions.js';
import {
  CreateSignInCode,
  EndSession,
  EndSessionsOfUser,
  ListSessions,
  type SignedIn,
  SignIn,
  SignOut,
} from './messages.js';
import { SignInCodes } from './sign-in-codes.js';

@CommandHandler(CreateSignInCode)
export class CreateSignInCodeHandler implements ICommandHandler<CreateSignInCode> {
  constructor(private readonly codes: SignInCodes) {}

  async execute({ body, principal }: CreateSignInCode) {
    if (principal.sessionId !== null) {
      const detail = 'a browser session cannot make sign-in codes';
      throw new SignInRefusedError('TOKEN_NEEDED', detail, 'use `gstacks console`, or a token');
    }
    const { code, expiresAt } = await this.codes.create(principal.tokenId, body.expiresInSeconds);
    return { code, path: `/sign-in#code=${code}`, expiresAt: expiresAt.toISOString() };
  }
}

@CommandHandler(SignIn)
export class SignInHandler implements ICommandHandler<SignIn> {
  constructor(
    private readonly codes: SignInCodes,
    private readonly tokens: ApiTokens,
    private readonly sessions: ConsoleSessions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ body, client }: SignIn): Promise<SignedIn> {
    const { secret, session } = await this.sessions.open(await this.tokenId(body), client);
    if (session === null) throw new UnauthenticatedError();
    const { id: sessionId, user, role, expiresAt } = session;
    const maxAgeSeconds = Math.max(0, Math.floor((expiresAt.getTime() - this.clock().getTime()) / 1_000));
    return {
      secret,
      session: { user, role, expiresAt: expiresAt.toISOString(), kind: 'session', sessionId, joinNetworks: null },
      maxAgeSeconds,
    };
  }

  private async tokenId({ code, token }: SignIn['body']): Promise<string> {
    if ((code === undefined) === (token === undefined)) {
      throw new InvalidInputError('code', undefined, 'either a code or a token, not both', 'CODE_OR_TOKEN');
    }
    if (code !== undefined) return this.codes.use(code);
    const principal = await this.tokens.recognise(token ?? '');
    if (principal === null) throw new UnauthenticatedError();
    if (principal.role === 'joiner') {
      const detail = 'the role joiner may join networks and nothing else';
      throw new SignInRefusedError(
        'SIGN_IN_REFUSED',
        detail,
        'sign in with a token of the role viewer, operator or admin',
      );
    }
    return principal.tokenId;
  }
}

@CommandHandler(SignOut)
export class SignOutHandler implements ICommandHandler<SignOut> {
  constructor(private readonly sessions: ConsoleSessions) {}

  async execute({ principal: { sessionId } }: SignOut): Promise<SessionsEndedDto> {
    if (sessionId === null) {
      throw new CodedError(
        'NO_SESSION',
        'this request was made with a token, not in a session',
        'end a session by its id',
      );
    }
    await this.sessions.end(sessionId);
    return { ended: 1 };
  }
}

@CommandHandler(EndSession)
export class EndSessionHandler implements ICommandHandler<EndSession> {
  constructor(private readonly sessions: ConsoleSessions) {}

  async execute({ sessionId, principal }: EndSession): Promise<SessionsEndedDto> {
    const session = await this.sessions.find(sessionId);
    // For users without the role admin, others' sessions do not exist.
    if (session === null || (session.user !== principal.user && principal.role !== 'admin')) {
      throw new NotFoundError('SESSION_NOT_FOUND', `there is no session ${sessionId}`);
    }
    await this.sessions.end(sessionId);
    return { ended: 1 };
  }
}

@CommandHandler(EndSessionsOfUser)
export class EndSessionsOfUserHandler implements ICommandHandler<EndSessionsOfUser> {
  constructor(private readonly sessions: ConsoleSessions) {}

  async execute({ principal }: EndSessionsOfUser): Promise<SessionsEndedDto> {
    return { ended: await this.sessions.endAllOf(principal.user) };
  }
}

@QueryHandler(ListSessions)
export class ListSessionsHandler implements IQueryHandler<ListSessions> {
  constructor(private readonly sessions: ConsoleSessions) {}

  async execute({ filter, principal }: ListSessions): Promise<ConsoleSessionPageDto> {
    const limit = filter.limit ?? DEFAULT_PAGE_SIZE;
    const user = principal.role === 'admin' ? (filter.user ?? null) : principal.user;
    const rows = await this.sessions.list(user, filter.cursor?.after ?? '', limit + 1);
    const items = rows.slice(0, limit).map((session) => sessionDto(session, principal.sessionId));
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? formatCursor({ after: last.id }) : null };
  }
}

function sessionDto(session: ConsoleSession, currentId: string | null): ConsoleSessionDto {
  const { id, user, role, tokenId, client, createdAt, lastUsedAt, expiresAt } = session;
  return {
    ...{ id, user, role, tokenId, client, current: id === currentId },
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
  };
}
