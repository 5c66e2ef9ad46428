import { Body, Controller, Get, Post } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import { RotateKeyDto, StoreKeyDto, StoreKeyListDto } from '#libs/contracts/http/store-keys.js';
import { wordOf } from '#libs/contracts/json-fields.js';
import { STORE_KEYS, type StoreKey } from '#libs/contracts/store-keys.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { type WriteContext, WriteRequest } from '../http/write-context.js';
import { ListStoreKeys, RotateKey } from './messages.js';

@ApiTags('keys')
@Controller('v1/keys')
export class KeysController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Get()
  @Route({
    summary: 'List the keys of the store that members trust, and who has confirmed a new one',
    answers: StoreKeyListDto,
    role: 'admin',
  })
  listStoreKeys(): Promise<StoreKeyListDto> {
    return this.queries.execute(new ListStoreKeys());
  }

  @Post(':key/rotation')
  @DescribePath('key', 'signing')
  @Idempotent({ summary: 'Take a step in the rotation of a key', answers: StoreKeyDto, role: 'admin' })
  rotateKey(
    @PathValue('key', wordOf(STORE_KEYS)) key: StoreKey,
    @Body() body: RotateKeyDto,
    @WriteRequest() write: WriteContext,
  ): Promise<StoreKeyDto> {
    return this.commands.execute(new RotateKey(key, body, write));
  }
}
