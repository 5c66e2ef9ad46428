import { Command, Query } from '@nestjs/cqrs';
import type {
  CreateTokenDto,
  ListTokensQuery,
  NewTokenDto,
  SessionDto,
  TokenDto,
  TokenPageDto,
} from '#libs/contracts/http/session.js';
import type {
  ConsoleSessionPageDto,
  CreateSignInCodeDto,
  ListSessionsQuery,
  SessionsEndedDto,
  SignInCodeDto,
  SignInDto,
} from '#libs/contracts/http/sign-in.js';
import type { Principal } from '../http/request.js';

export class CreateToken extends Command<NewTokenDto> {
  constructor(readonly body: CreateTokenDto) {
    super();
  }
}

export class DeleteToken extends Command<TokenDto> {
  constructor(readonly tokenId: string) {
    super();
  }
}

export class ListTokens extends Query<TokenPageDto> {
  constructor(readonly filter: ListTokensQuery) {
    super();
  }
}

export class CreateSignInCode extends Command<SignInCodeDto> {
  constructor(
    readonly body: CreateSignInCodeDto,
    readonly principal: Principal,
  ) {
    super();
  }
}

/** A new session, and the secret that the browser keeps. */
export interface SignedIn {
  readonly secret: string;
  readonly session: SessionDto;
  readonly maxAgeSeconds: number;
}

export class SignIn extends Command<SignedIn> {
  constructor(
    readonly body: SignInDto,
    readonly client: string,
  ) {
    super();
  }
}

export class SignOut extends Command<SessionsEndedDto> {
  constructor(readonly principal: Principal) {
    super();
  }
}

export class EndSession extends Command<SessionsEndedDto> {
  constructor(
    readonly sessionId: string,
    readonly principal: Principal,
  ) {
    super();
  }
}

export class EndSessionsOfUser extends Command<SessionsEndedDto> {
  constructor(readonly principal: Principal) {
    super();
  }
}

export class ListSessions extends Query<ConsoleSessionPageDto> {
  constructor(
    readonly filter: ListSessionsQuery,
    readonly principal: Principal,
  ) {
    super();
  }
}
