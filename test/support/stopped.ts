import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait.js';

/**
 * Stops the processes, and waits until no thread of theirs runs any more: on a busy machine threads go on for a while
 * after the signal, and may answer what is asked after it.
 */
export async function stopProcesses(...pids: readonly number[]): Promise<void> {
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  await waitFor(`processes ${pids.join(', ')} have stopped`, () => pids.every(hasStopped));
}

/** By the state of each of its threads (proc_pid_stat(5)). */
function hasStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat[stat.lastIndexOf(')') + 2] === 'T';
  });
}
