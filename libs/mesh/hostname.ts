import { createHash } from 'node:crypto';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';

const LONGEST_LABEL = 63;
const HASH_DIGITS = 10;

/** Whose node it is; ids of agents and of local nodes may be the same word. */
export type MeshNodeOwner =
  | { readonly kind: 'agent'; readonly id: AgentId }
  | { readonly kind: 'local'; readonly id: LocalNodeId };

/**
 * What a node calls itself in the mesh: `gs-agent-<id>`, `gs-local-<id>`. A DNS label (RFC 1123 section 2.1): one
 * that would be longer is cut, and ends in a hash of the whole id.
 */
export function meshHostname({ kind, id }: MeshNodeOwner): string {
  const name = `gs-${kind}-${id}`;
  if (name.length <= LONGEST_LABEL) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_DIGITS);
  return `${name.slice(0, LONGEST_LABEL - HASH_DIGITS - 1).replace(/-+$/, '')}-${hash}`;
}
