import type { LocalNodeId, NetworkId, UserName } from '#libs/contracts/ids.js';
import type { EventSchemas } from '../event-schemas.js';

/** The events of a local node. They are stored for ever: a changed shape needs a new schema version. */
export type LocalNodeEvent =
  | {
      readonly type: 'LocalNodeJoined';
      readonly data: {
        readonly nodeId: LocalNodeId;
        readonly user: UserName;
        readonly networkId: NetworkId;
        readonly machine: string;
        readonly nkey: string;
        readonly meshKeyThumbprint: string;
        /** The id of the API token, which is not secret. */
        readonly tokenId: string;
        readonly expiresAt: string;
      };
    }
  | {
      readonly type: 'LocalNodeRenewed';
      readonly data: { readonly meshKeyThumbprint: string; readonly tokenId: string; readonly expiresAt: string };
    }
  | { readonly type: 'LocalNodeExpired'; readonly data: { readonly reason: string } }
  | { readonly type: 'LocalNodeRevoked'; readonly data: { readonly reason: string } }
  | { readonly type: 'LocalNodeLeft'; readonly data: Record<string, never> };

/** The schema version of each event, and how older ones are converted. */
export const LOCAL_NODE_SCHEMAS: EventSchemas<LocalNodeEvent> = {
  LocalNodeJoined: { upcasts: [] },
  LocalNodeRenewed: { upcasts: [] },
  LocalNodeExpired: { upcasts: [] },
  LocalNodeRevoked: { upcasts: [] },
  LocalNodeLeft: { upcasts: [] },
};
