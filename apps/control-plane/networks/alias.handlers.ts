import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { AliasRemovalDto, AliasWriteDto } from '#libs/contracts/http/aliases.js';
import { aliasDto } from '../status/descriptions.js';
import { PublishAlias, RemoveAlias } from './commands.js';
import { NetworkWrites } from './network-writes.js';

@CommandHandler(PublishAlias)
export class PublishAliasHandler implements ICommandHandler<PublishAlias> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, body, write }: PublishAlias): Promise<AliasWriteDto> {
    const { sandboxId, alias, ports, inheritRules = false, replacePorts = false } = body;
    return this.writes.run({
      write,
      network,
      asked: ['PublishAlias', body],
      command: () => ({ kind: 'PublishAlias', sandboxId, alias, ports, inheritRules, replacePorts }),
      describe: (told, after) => aliasDto(after, told),
    });
  }
}

@CommandHandler(RemoveAlias)
export class RemoveAliasHandler implements ICommandHandler<RemoveAlias> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, alias, write }: RemoveAlias): Promise<AliasRemovalDto> {
    return this.writes.run({
      write,
      network,
      asked: ['RemoveAlias', alias],
      command: () => ({ kind: 'RemoveAlias', alias }),
      describe: (told) => told,
    });
  }
}
