import { Module } from '@nestjs/common';
import { ApiTokens } from './api-tokens.js';
import { CreateTokenHandler, DeleteTokenHandler, ListTokensHandler } from './token.handlers.js';

@Module({
  providers: [ApiTokens, CreateTokenHandler, DeleteTokenHandler, ListTokensHandler],
  exports: [ApiTokens],
})
export class AuthModule {}
