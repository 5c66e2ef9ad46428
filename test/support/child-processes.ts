import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the child processes of that parent that run this program, from /proc (proc(5)). */
export function childrenOf(parent: number, program: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => {
      const stat = textOf(pid, 'stat');
      // The name is in parentheses and may contain anything; the parent's id is the second field after it.
      const parentId = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      return parentId === parent && (textOf(pid, 'cmdline').split('\0')[0] ?? '').endsWith(program);
    });
}

/** Ids of the processes whose command line contains this text, and of all their descendants. */
export function familyOf(text: string): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid)
      .map((name) => {
        const stat = textOf(Number(name), 'stat');
        return [Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])] as const;
      }),
  );
  const family = new Set([...parents.keys()].filter((pid) => textOf(pid, 'cmdline').includes(text)));
  for (let before = 0; before !== family.size; ) {
    before = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}

/** The content of a file of /proc about the process; empty if it is gone. */
export function textOf(pid: number, file: 'stat' | 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
