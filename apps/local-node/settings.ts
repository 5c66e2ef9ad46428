import { BUILT_MESH_NODE } from '#libs/mesh/tsnet/mesh-node-program.js';
import { CA_FILE } from '#libs/program/setting.js';

export interface LocalNodeSettings {
  /** The mesh-node program, which a tsnet mesh needs. */
  readonly meshNode: string;
  /** PEM file of certificate authorities to trust besides Node's, for the control plane and the bus. */
  readonly authorities: string | undefined;
}

/** The settings that the background node reads from its environment; all others come over its socket. */
export function readLocalNodeSettings(variables: { readonly [name: string]: string | undefined }): LocalNodeSettings {
  return {
    meshNode: variables.GLOBALSTACKS_MESH_NODE || BUILT_MESH_NODE,
    authorities: variables[CA_FILE.variable],
  };
}
