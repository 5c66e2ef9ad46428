import { readFileSync } from 'node:fs';
import { type RunningStack, ran } from './stack.js';

/** The process that `gstacks mesh join` started, found by its state file. */
export async function backgroundPid(stack: RunningStack): Promise<number> {
  const found = await ran('find', [stack.home, '-name', 'state.json', '-path', '*gstacks-mesh-*']);
  const { pid }: { pid: number } = JSON.parse(readFileSync(found.stdout.trim(), 'utf8'));
  return pid;
}
