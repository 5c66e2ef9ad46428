import type { KeySuccession, StoreKey } from '#libs/contracts/store-keys.js';
import type { EventSchemas } from '../event-schemas.js';

/** The events of a key's rotation. They are stored for ever: a changed shape needs a new schema version. */
export type StoreKeyEvent =
  | {
      readonly type: 'KeyRotationBegan';
      readonly data: Pick<KeySuccession, 'key' | 'from' | 'to' | 'signature'>;
    }
  /** `without`: agents that had not confirmed that they trust it. */
  | {
      readonly type: 'KeyPutToUse';
      readonly data: { readonly key: StoreKey; readonly to: string; readonly without: readonly string[] };
    }
  | {
      readonly type: 'KeyRetired';
      readonly data: { readonly key: StoreKey; readonly from: string; readonly without: readonly string[] };
    };

export const STORE_KEY_SCHEMAS: EventSchemas<StoreKeyEvent> = {
  KeyRotationBegan: { upcasts: [] },
  KeyPutToUse: { upcasts: [] },
  KeyRetired: { upcasts: [] },
};
