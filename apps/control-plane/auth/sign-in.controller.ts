import { Body, Controller, Delete, Get, Post, Query, Req, Res } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { SessionDto } from '#libs/contracts/http/session.js';
import {
  ConsoleSessionPageDto,
  CreateSignInCodeDto,
  ListSessionsQuery,
  SessionsEndedDto,
  SignInCodeDto,
  SignInDto,
} from '#libs/contracts/http/sign-in.js';
import type { HttpRequest, Principal } from '../http/request.js';
import { DescribePath, PathValue, Public, Route } from '../http/route.js';
import { CurrentPrincipal } from '../http/write-context.js';
import { CreateSignInCode, EndSession, EndSessionsOfUser, ListSessions, SignIn, SignOut } from './messages.js';
import { requireOwnOrigin } from './own-origin.js';
import { parseRowId } from './row-id.js';
import { sessionCookieName, sessionCookieOptions } from './session-cookie.js';

@ApiTags('session')
@Controller('v1')
export class SignInController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('sign-in-codes')
  @Route({ summary: 'Make a one-time code that signs a browser in', answers: SignInCodeDto, status: 201 })
  createSignInCode(
    @Body() body: CreateSignInCodeDto,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SignInCodeDto> {
    return this.commands.execute(new CreateSignInCode(body, principal));
  }

  @Post('sessions')
  @Public({ summary: 'Sign a browser in with a one-time code or a token', answers: SessionDto, status: 201 })
  async signIn(
    @Body() body: SignInDto,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionDto> {
    // No other page may sign a browser in as somebody else.
    if (request.headers.origin !== undefined) requireOwnOrigin(request);
    const client = String(request.headers['user-agent'] ?? '');
    const { secret, session, maxAgeSeconds } = await this.commands.execute(new SignIn(body, client));
    const options = { ...sessionCookieOptions(request), maxAge: maxAgeSeconds };
    reply.setCookie(sessionCookieName(request), secret, options);
    return session;
  }

  @Delete('session')
  @Route({ summary: 'Sign out: end the session that this request is made in', answers: SessionsEndedDto })
  async signOut(
    @CurrentPrincipal() principal: Principal,
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionsEndedDto> {
    const ended = await this.commands.execute(new SignOut(principal));
    reply.clearCookie(sessionCookieName(request), sessionCookieOptions(request));
    return ended;
  }

  @Get('sessions')
  @Route({ summary: "List open sessions: your own, and as admin everybody's", answers: ConsoleSessionPageDto })
  listSessions(
    @Query() filter: ListSessionsQuery,
    @CurrentPrincipal() principal: Principal,
  ): Promise<ConsoleSessionPageDto> {
    return this.queries.execute(new ListSessions(filter, principal));
  }

  @Delete('sessions')
  @Route({ summary: 'Sign out everywhere: end every session of this user', answers: SessionsEndedDto })
  endSessions(@CurrentPrincipal() principal: Principal): Promise<SessionsEndedDto> {
    return this.commands.execute(new EndSessionsOfUser(principal));
  }

  @Delete('sessions/:sessionId')
  @DescribePath('sessionId', '0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11')
  @Route({ summary: "End a session: one of your own, or as admin anybody's", answers: SessionsEndedDto })
  endSession(
    @PathValue('sessionId', parseRowId('a session')) sessionId: string,
    @CurrentPrincipal() principal: Principal,
  ): Promise<SessionsEndedDto> {
    return this.commands.execute(new EndSession(sessionId, principal));
  }
}
