import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiToken } from './api-token.entity.js';
import { ApiTokens } from './api-tokens.js';
import { CreateTokenHandler, DeleteTokenHandler, ListTokensHandler } from './token.handlers.js';

@Module({
  imports: [TypeOrmModule.forFeature([ApiToken])],
  providers: [ApiTokens, CreateTokenHandler, DeleteTokenHandler, ListTokensHandler],
  exports: [ApiTokens],
})
export class AuthModule {}
