import type { StoreKey } from '#libs/contracts/store-keys.js';
import type { Aggregate } from '../aggregate.js';
import { decideStoreKey, type StoreKeyCommand } from './decide.js';
import { STORE_KEY_SCHEMAS, type StoreKeyEvent } from './events.js';
import { evolveStoreKey, type StoreKeyState } from './state.js';

export const STORE_KEY: Aggregate<StoreKey, StoreKeyState, StoreKeyEvent, StoreKeyCommand> = {
  prefix: 'store-key-',
  schemas: STORE_KEY_SCHEMAS,
  evolve: evolveStoreKey,
  decide: decideStoreKey,
};
