import type { MeshNodeEnd } from '#libs/contracts/statuses.js';

const LINES: { readonly [end in MeshNodeEnd]: string | null } = {
  removed: "its node is deleted at the mesh's control server",
  pending: "the mesh's control server does not answer; its node is deleted there as soon as it answers",
  none: null,
};

/** What became of an ended node in the mesh; null: nothing to report. */
export function meshNodeEndLine(end: MeshNodeEnd): string | null {
  return LINES[end];
}
