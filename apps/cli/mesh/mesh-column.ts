import type { MeshStateDto } from '#libs/api-client/generated/index.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/** How a node stands in the mesh, in a cell of a table; null: it was not heard. */
export function meshCell(mesh: MeshStateDto | null): string | null {
  if (mesh === null) return null;
  const fault = mesh.code === null ? '' : ` ${mesh.code}`;
  return `${mesh.transport} ${mesh.state}${fault}`;
}

/** What is wrong with the node's place in the mesh and what to do about it, a line each; none when nothing is. */
export function meshFault(name: string, mesh: MeshStateDto | null): readonly string[] {
  if (mesh === null || mesh.code === null) return [];
  return [`${name}: ${mesh.code}: ${mesh.message}`, `  try: ${meshRemedy(mesh.code)}`];
}
