import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Where the background node of this control plane lives, below the folder that its user's commands choose. */
export function localNodeFolder(base: string, controlPlaneUrl: string): string {
  const key = createHash('sha256').update(controlPlaneUrl).digest('hex').slice(0, 8);
  return join(base, `gstacks-mesh-${key}`);
}

/** What a background node writes down for those who ask when it is gone: LocalNodeState as JSON. */
export const stateFileOf = (folder: string): string => join(folder, 'state.json');

/** What a background node takes as long as it runs (takeLock); its process is recorded there (recordedProcess). */
export const lockOf = (folder: string): string => join(folder, 'node');
