import { setTimeout as pause } from 'node:timers/promises';
import { MeshError } from './mesh-error.js';
import { type Answered, askNode, NODE_ENDED, NODE_SILENT } from './node-client.js';
import { nodePid } from './node-folder.js';

export type AwakeNode =
  | { readonly kind: 'answers'; readonly answer: Answered }
  /** `endedPid`: a node that did not answer and was therefore ended; null: there was none. */
  | { readonly kind: 'gone'; readonly endedPid: number | null };

const GONE_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 20;

/**
 * Asks the background node for its status. A node that is stopped by a signal is continued; one that still does not
 * answer is ended. Error: MeshError; NODE_SILENT for a node of an earlier release, whose process id is unknown.
 */
export async function awakeNode(folder: string): Promise<AwakeNode> {
  try {
    return await asked(folder);
  } catch (error) {
    const pid = nodePid(folder);
    if (!isSilence(error) || pid === null) throw error;
    signal(pid, 'SIGCONT');
    try {
      return await asked(folder);
    } catch (again) {
      if (!isSilence(again)) throw again;
      return { kind: 'gone', endedPid: await end(folder, pid) };
    }
  }
}

async function asked(folder: string): Promise<AwakeNode> {
  try {
    const answer = await askNode(folder, { kind: 'status' });
    return answer === null ? { kind: 'gone', endedPid: null } : { kind: 'answers', answer };
  } catch (error) {
    if (error instanceof MeshError && error.code === NODE_ENDED) return { kind: 'gone', endedPid: null };
    throw error;
  }
}

async function end(folder: string, pid: number): Promise<number> {
  signal(pid, 'SIGKILL');
  const deadline = performance.now() + GONE_WITHIN_MS;
  while (nodePid(folder) === pid) {
    if (performance.now() > deadline) {
      throw new MeshError('NODE_NOT_ENDED', `the background node (pid ${pid}) does not end`, `kill -9 ${pid}`);
    }
    await pause(LOOK_EVERY_MS);
  }
  return pid;
}

/** Signals the node and its mesh-node: both are in a process group with the node's id. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    process.kill(pid, name);
  }
}

function isSilence(error: unknown): boolean {
  return error instanceof MeshError && error.code === NODE_SILENT;
}
