import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  CreateTokenDto,
  ListTokensQuery,
  NewTokenDto,
  SessionDto,
  TokenDto,
  TokenPageDto,
} from '#libs/contracts/http/session.js';
import type { Principal } from '../http/request.js';
import { DescribePath, PathValue, Route } from '../http/route.js';
import { CurrentPrincipal } from '../http/write-context.js';
import { CreateToken, DeleteToken, ListTokens } from './messages.js';
import { parseRowId } from './row-id.js';

@ApiTags('session')
@Controller('v1')
export class SessionController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get('session')
  @Route({ summary: 'Who asks: the token, or the session of the console', answers: SessionDto, forJoiners: true })
  showSession(@CurrentPrincipal() principal: Principal): SessionDto {
    const { user, role, expiresAt, sessionId, joinNetworks } = principal;
    const kind = sessionId === null ? 'token' : 'session';
    return { user, role, expiresAt: expiresAt?.toISOString() ?? null, kind, sessionId, joinNetworks };
  }

  @Post('tokens')
  @Route({ summary: 'Make an API token', answers: NewTokenDto, role: 'admin', status: 201 })
  createToken(@Body() body: CreateTokenDto): Promise<NewTokenDto> {
    return this.commands.execute(new CreateToken(body));
  }

  @Get('tokens')
  @Route({ summary: 'List API tokens', answers: TokenPageDto, role: 'admin' })
  listTokens(@Query() filter: ListTokensQuery): Promise<TokenPageDto> {
    return this.queries.execute(new ListTokens(filter));
  }

  @Delete('tokens/:tokenId')
  @DescribePath('tokenId', '0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11')
  @Route({ summary: 'Delete an API token: it is refused from now on', answers: TokenDto, role: 'admin' })
  deleteToken(@PathValue('tokenId', parseRowId('a token')) tokenId: string): Promise<TokenDto> {
    return this.commands.execute(new DeleteToken(tokenId));
  }
}
