import { Command, Query } from '@nestjs/cqrs';
import type {
  CreateTokenDto,
  ListTokensQuery,
  NewTokenDto,
  TokenDto,
  TokenPageDto,
} from '#libs/contracts/http/session.js';

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
