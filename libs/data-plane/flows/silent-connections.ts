import { createReadStream } from 'node:fs';

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];

/** proc_net_tcp: which timer runs. */
const RETRANSMISSION = '01';
const WINDOW_PROBE = '04';
const RUNS_TIMER = / 0[14]:/;

/**
 * Each retransmission waits twice as long as the one before: the seventh comes some 25 s after bytes that the other
 * side should have acknowledged within a fifth of a second (RFC 6298 section 5).
 */
const MOST_UNANSWERED = 7;

/**
 * The connections of this network namespace whose other side has not answered for half a minute, though bytes or a
 * probe of its window wait for that; as `connectionKey` names them. None where there is no such table.
 */
export async function silentConnections(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const table of TABLES) {
    let rest = '';
    try {
      // In parts, because the table of a busy host has megabytes.
      for await (const part of createReadStream(table, { encoding: 'latin1' })) {
        const lines = `${rest}${part}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const key = silentIn(line);
          if (key !== null) found.add(key);
        }
      }
    } catch {
      // No such table on this system, or no descriptor left to read it: the next look may find more.
    }
  }
  return found;
}

/** The connection of a line of /proc/net/tcp or tcp6, if its other side is silent; else null. */
export function silentIn(line: string): string | null {
  // Nearly all lines are of listeners and of connections that are well.
  if (!RUNS_TIMER.test(line)) return null;
  const [, local = '', remote = '', , , timer = '', retransmitted = '', , probed = ''] = line.trim().split(/\s+/);
  const [kind] = timer.split(':');
  const unanswered =
    (kind === RETRANSMISSION && Number.parseInt(retransmitted, 16) >= MOST_UNANSWERED) ||
    (kind === WINDOW_PROBE && Number(probed) >= MOST_UNANSWERED);
  return unanswered ? `${local} ${remote}` : null;
}
