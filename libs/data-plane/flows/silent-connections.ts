import { createReadStream } from 'node:fs';

const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];

/** proc_net_tcp: which timer is active. */
const RETRANSMISSION = '01';
const WINDOW_PROBE = '04';
const RUNS_TIMER = / 0[14]:/;

/**
 * The number of unanswered retransmissions that makes a connection silent. Each waits twice as long as the one before:
 * the seventh comes some 25 s after bytes that the other side should have acknowledged within a fifth of a second (RFC
 * 6298 section 5).
 */
const MOST_UNANSWERED = 7;

/**
 * The connections of this network namespace whose other side has not answered bytes or a window probe for half a
 * minute, by `connectionKey`. Empty on systems without such a table.
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
      // There is no such table on this system, or no free file descriptor to read it; the next check may work.
    }
  }
  return found;
}

/** The connection of a line of /proc/net/tcp or tcp6 if its other side is silent, else null. */
export function silentIn(line: string): string | null {
  // Nearly all lines are of listeners and healthy connections.
  if (!RUNS_TIMER.test(line)) return null;
  const [, local = '', remote = '', , , timer = '', retransmitted = '', , probed = ''] = line.trim().split(/\s+/);
  const [kind] = timer.split(':');
  const unanswered =
    (kind === RETRANSMISSION && Number.parseInt(retransmitted, 16) >= MOST_UNANSWERED) ||
    (kind === WINDOW_PROBE && Number(probed) >= MOST_UNANSWERED);
  return unanswered ? `${local} ${remote}` : null;
}
