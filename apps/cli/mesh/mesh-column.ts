import type { MeshStateDto } from '#libs/api-client/generated/index.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import { unknown } from '../output/ago.js';

/** A node's state in the mesh as a table cell; null: it never reported one. */
export function meshCell(mesh: MeshStateDto | null): string | null {
  if (mesh === null) return null;
  const { transport, lastKnown } = mesh;
  if (lastKnown === null) return `${transport} ${standing(mesh)}`;
  return `${transport} ${unknown(standing(lastKnown), lastKnown.secondsAgo)}`;
}

/** What is wrong with a node in the mesh and what to do, one line each; empty if nothing is known to be wrong. */
export function meshFault(name: string, mesh: MeshStateDto | null): readonly string[] {
  if (mesh === null || mesh.code === null) return [];
  return [`${name}: ${mesh.code}: ${mesh.message}`, `  try: ${meshRemedy(mesh.code)}`];
}

function standing({ state, code }: { readonly state: string; readonly code: string | null }): string {
  return code === null ? state : `${state} ${code}`;
}
