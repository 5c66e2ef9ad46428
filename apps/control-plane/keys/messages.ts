import { Command, Query } from '@nestjs/cqrs';
import type { RotateKeyDto, StoreKeyDto, StoreKeyListDto } from '#libs/contracts/http/store-keys.js';
import type { StoreKey } from '#libs/contracts/store-keys.js';
import type { WriteContext } from '../http/write-context.js';

export class ListStoreKeys extends Query<StoreKeyListDto> {}

export class RotateKey extends Command<StoreKeyDto> {
  constructor(
    readonly key: StoreKey,
    readonly body: RotateKeyDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}
