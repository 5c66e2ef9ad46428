import { Module } from '@nestjs/common';
import { PresenceModule } from '../presence/presence.module.js';
import { ListStoreKeysHandler, RotateKeyHandler } from './key.handlers.js';
import { KeyHolders } from './key-holders.js';

/** The keys of the store that members pin, and their rotation. */
@Module({
  imports: [PresenceModule],
  providers: [KeyHolders, ListStoreKeysHandler, RotateKeyHandler],
})
export class KeysModule {}
