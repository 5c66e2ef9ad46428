import { createHash } from 'node:crypto';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';

const LONGEST_LABEL = 63;
const HASH_DIGITS = 10;

/** Whose node it is. An agent and a local node may have the same id. */
export type MeshNodeOwner =
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'local'; readonly id: LocalNodeId };

/**
 * The node's host name in the mesh: `gs-agent-<id>` or `gs-local-<id>`. It is a DNS label (RFC 1123 section 2.1): a
 * longer one is cut and ends in a hash of the whole id.
 */
export function meshHostname({ kind, id }: MeshNodeOwner): string {
  const name = `gs-${kind}-${id}`;
  if (name.length <= LONGEST_LABEL) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, LONGEST_LABEL - HASH_DIGITS - 1).replace(/-+$/, '')}-${hash}`;
}
