import { CommandBus, CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { formatCursor } from '#libs/contracts/http/page.js';
import {
  DEFAULT_TOKEN_SECONDS,
  type NewTokenDto,
  type TokenDto,
  type TokenPageDto,
} from '#libs/contracts/http/session.js';
import { DEFAULT_PAGE_SIZE } from '#libs/contracts/page-size.js';
import { ROLES_WITH_JOIN_NETWORKS } from '#libs/contracts/roles.js';
import { NotFoundError } from '../http/errors.js';
import { OpenAnswers } from '../http/open-answers.js';
import { EndLocalNodesOfToken } from '../identity/messages.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import type { ApiToken } from './api-token.entity.js';
import { ApiTokens } from './api-tokens.js';
import { CreateToken, DeleteToken, ListTokens } from './messages.js';

@CommandHandler(CreateToken)
export class CreateTokenHandler implements ICommandHandler<CreateToken> {
  constructor(
    private readonly tokens: ApiTokens,
    private readonly directory: Directory,
  ) {}

  async execute({ body }: CreateToken): Promise<NewTokenDto> {
    const { user, role, joinNetworks = null, expiresInSeconds = DEFAULT_TOKEN_SECONDS } = body;
    const mayHaveNetworks = ROLES_WITH_JOIN_NETWORKS.some((known) => known === role);
    if (joinNetworks !== null && !mayHaveNetworks) {
      const accepted = `one of ${ROLES_WITH_JOIN_NETWORKS.join(', ')} together with joinNetworks`;
      throw new InvalidInputError('role', role, `${accepted}; the others join every network`);
    }
    // A token with a mistyped network would be refused at the machine that joins, far from who made it.
    for (const name of joinNetworks ?? []) requireNetwork(this.directory, name);
    const { token, row } = await this.tokens.create({ user, role, joinNetworks, expiresInSeconds });
    return { ...tokenDto(row), token };
  }
}

@CommandHandler(DeleteToken)
export class DeleteTokenHandler implements ICommandHandler<DeleteToken> {
  constructor(
    private readonly tokens: ApiTokens,
    private readonly answers: OpenAnswers,
    private readonly commands: CommandBus,
  ) {}

  async execute({ tokenId }: DeleteToken): Promise<TokenDto> {
    const row = await this.tokens.delete(tokenId);
    if (row === null)
      throw new NotFoundError('TOKEN_NOT_FOUND', `there is no token ${tokenId}`, 'see `gstacks token list`');
    this.answers.endWhere((principal) => principal.tokenId === tokenId);
    await this.commands.execute(new EndLocalNodesOfToken(tokenId));
    return tokenDto(row);
  }
}

@QueryHandler(ListTokens)
export class ListTokensHandler implements IQueryHandler<ListTokens> {
  constructor(private readonly tokens: ApiTokens) {}

  async execute({ filter }: ListTokens): Promise<TokenPageDto> {
    const limit = filter.limit ?? DEFAULT_PAGE_SIZE;
    const rows = await this.tokens.list(filter.cursor?.after ?? '', limit + 1);
    const items = rows.slice(0, limit).map(tokenDto);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last ? formatCursor({ after: last.id }) : null };
  }
}

function tokenDto({ id, user, role, joinNetworks, createdAt, expiresAt, lastUsedAt }: ApiToken): TokenDto {
  return {
    ...{ id, user, role, joinNetworks, createdAt: createdAt.toISOString() },
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
