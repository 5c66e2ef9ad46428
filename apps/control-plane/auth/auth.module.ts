import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiToken } from './api-token.entity.js';
import { ApiTokens } from './api-tokens.js';
import { ConsoleSessions } from './console-sessions.js';
import { OpenAnswerCheck } from './open-answer-check.js';
import {
  CreateSignInCodeHandler,
  EndSessionHandler,
  EndSessionsOfUserHandler,
  ListSessionsHandler,
  SignInHandler,
  SignOutHandler,
} from './sign-in.handlers.js';
import { SignInCodes } from './sign-in-codes.js';
import { CreateTokenHandler, DeleteTokenHandler, ListTokensHandler } from './token.handlers.js';

@Module({
  imports: [TypeOrmModule.forFeature([ApiToken])],
  providers: [
    ApiTokens,
    SignInCodes,
    ConsoleSessions,
    OpenAnswerCheck,
    CreateTokenHandler,
    DeleteTokenHandler,
    ListTokensHandler,
    CreateSignInCodeHandler,
    SignInHandler,
    SignOutHandler,
    EndSessionHandler,
    EndSessionsOfUserHandler,
    ListSessionsHandler,
  ],
  exports: [ApiTokens, ConsoleSessions, OpenAnswerCheck],
})
export class AuthModule {}
