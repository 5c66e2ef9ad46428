import { execFile } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import {
  DAMAGES,
  type Damage,
  damage,
  filesOfHome,
  hasForeign,
  type StartOutcome,
  type StartUser,
  tryStart,
} from '#test/support/damaged-home.js';
import { freePort } from '#test/support/ports.js';

const run = promisify(execFile);
const WITHIN_MS = 15_000;
const FIRST_WITHIN_MS = 120_000;
/** Root can read every file, so a stack of root would never have an unreadable one. */
const NOBODY: StartUser = { uid: 65_534, gid: 65_534 };

interface Row {
  readonly file: string;
  readonly cells: string[];
}

/**
 * Starts a stack with each file of its home damaged in each way, one at a time, and prints the outcome, finally as a
 * table. `only`: only files whose names contain one of these texts. True: each start was ready in time, or ended with a
 * line that names the file.
 */
export async function soakFiles(only: readonly string[] | null, say: (line: string) => void): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-files-'));
  const [whole, other, home] = [join(folder, 'whole'), join(folder, 'other'), join(folder, 'home')];
  const user = process.getuid?.() === 0 ? NOBODY : null;
  const port = await freePort();
  const rows: Row[] = [];
  let faults = 0;
  try {
    chmodSync(folder, 0o755);
    for (const made of [whole, other]) {
      mkdirSync(made);
      if (user !== null) chownSync(made, user.uid, user.gid);
      const first = await tryStart(made, port, FIRST_WITHIN_MS, user);
      await first.stop();
      if (first.kind !== 'ready') throw new Error(`the stack did not start:\n${first.printed}`);
    }
    const files = filesOfHome(whole).filter((file) => only === null || only.some((text) => file.includes(text)));
    for (const file of files) {
      const row: Row = { file, cells: [] };
      rows.push(row);
      for (const how of DAMAGES) {
        if (how === 'foreign' && !hasForeign(whole, file, other)) {
          row.cells.push('-');
          continue;
        }
        rmSync(home, { recursive: true, force: true });
        await run('cp', ['-a', whole, home]);
        damage(home, file, how, other);
        const outcome = await tryStart(home, port, WITHIN_MS, user);
        await outcome.stop();
        const { cell, line } = judge(outcome, file);
        if (cell.startsWith('FAULT')) {
          faults += 1;
          say(outcome.printed.replaceAll(home, ''));
        }
        row.cells.push(cell);
        say(told(file, how, outcome, cell, line.replaceAll(home, '')));
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(`\n${shortTable(rows)}\n\n${faults} faults`);
  return faults === 0;
}

/** One Markdown row for all files with the same outcome, for docs/faults.md. */
function shortTable(rows: readonly Row[]): string {
  const files = new Map<string, Set<string>>();
  for (const { file, cells } of rows) {
    const alike = cells.join(' | ');
    const name = file.replace(/host-[ab]/, '<name>').replace(/[A-Z0-9]{56}/, '<account>');
    files.set(alike, (files.get(alike) ?? new Set()).add(`\`${name}\``));
  }
  return [
    `| File | ${DAMAGES.map(titleOf).join(' | ')} |`,
    `| --- |${' --- |'.repeat(DAMAGES.length)}`,
    ...[...files].map(([alike, names]) => `| ${[...names].join(', ')} | ${alike} |`),
  ].join('\n');
}

/** The start's outcome in a word or two, and the line that names the file. */
function judge(outcome: StartOutcome, file: string): { readonly cell: string; readonly line: string } {
  const { kind, printed } = outcome;
  const lines = printed.split('\n');
  const line = lines.findLast((text) => text.includes(basename(file))) ?? '';
  const down = lines.filter((text) => text.startsWith('down: '));
  if (kind === 'silent') return { cell: 'FAULT: silent', line };
  if (/\n {4}at /.test(printed)) return { cell: 'FAULT: a stack trace', line };
  if (kind === 'ended') return { cell: line === '' ? 'FAULT: file not named' : 'ends, named', line };
  if (down.some((text) => !text.includes(basename(file)))) return { cell: 'FAULT: file not named', line: down.join() };
  return { cell: down.length > 0 ? 'ready, agent down, named' : 'ready', line };
}

function told(file: string, how: Damage, { tookMs }: StartOutcome, cell: string, line: string): string {
  return `${file}, ${titleOf(how)}: ${cell} after ${(tookMs / 1_000).toFixed(1)} s${line === '' ? '' : `: ${line}`}`;
}

function titleOf(how: Damage): string {
  return how === 'foreign' ? "another host's" : how;
}
