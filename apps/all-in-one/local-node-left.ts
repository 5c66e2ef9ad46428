import { readFileSync } from 'node:fs';
import { parseLocalNodeState } from '#libs/contracts/local-node-requests.js';
import { localNodeFolder, lockOf, stateFileOf } from '#libs/program/local-node-folder.js';
import { recordedProcess } from '#libs/program/process-record.js';

/** A background node of `mesh join` that goes on when the stack of its control plane has ended. */
export interface LocalNodeLeft {
  readonly pid: number;
  /** The networks that it has joined. */
  readonly networks: readonly string[];
}

/** The background node below one of these folders; null: none runs. */
export function localNodeLeft(bases: readonly string[], controlPlaneUrl: string): LocalNodeLeft | null {
  for (const base of bases) {
    const folder = localNodeFolder(base, controlPlaneUrl);
    const pid = recordedProcess(lockOf(folder));
    if (pid !== null) return { pid, networks: joinedNetworks(stateFileOf(folder)) };
  }
  return null;
}

function joinedNetworks(stateFile: string): readonly string[] {
  try {
    const { networks } = parseLocalNodeState(JSON.parse(readFileSync(stateFile, 'utf8')));
    return networks.flatMap(({ network, state }) => (state === 'ended' ? [] : [network]));
  } catch {
    // It has not joined yet, or writes at this moment.
    return [];
  }
}
