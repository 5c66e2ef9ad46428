import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the processes that run this program for that parent, as /proc tells (proc(5)). */
export function childrenOf(parent: number, program: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = textOf(pid, 'stat');
      // The name stands in parentheses and may hold anything; the parent's id is the second field after it.
      const parentId = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return parentId === parent && (textOf(pid, 'cmdline').split('\0')[0] ?? '').endsWith(program);
    });
}

/** What a file of /proc says of the process; empty when it is gone. */
export function textOf(pid: number, file: 'stat' | 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
