import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from './wait.js';

/** One TCP segment with payload, captured on a sandbox's own link. */
export interface Segment {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly line: string;
}

/** Captures every segment with payload from the port, on every link of the namespace. */
export interface Capture {
  segments(): readonly Segment[];
  stop(): Promise<void>;
}

/** Payload of a TCP segment: the IPv4 header's total length less the lengths of both headers. */
const HAS_PAYLOAD = '(ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2)) != 0';

export async function capturePayload(namespace: string, fromPort: number): Promise<Capture> {
  const child: ChildProcess = spawn(
    'ip',
    [
      'netns',
      'exec',
      namespace,
      'tcpdump',
      '-i',
      'any',
      '-n',
      '-tt',
      '-l',
      '--immediate-mode',
      '-Z',
      'root',
      `tcp src port ${fromPort} and ${HAS_PAYLOAD}`,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  let progress = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    progress += text;
  });
  await waitFor('tcpdump listens', () => {
    if (child.exitCode !== null) throw new Error(`tcpdump ended: ${progress}`);
    return progress.includes('listening on');
  });
  return {
    segments: () =>
      output
        .split('\n')
        .filter((line) => /^\d+\.\d+ /.test(line))
        .map((line) => ({ atMs: Number(line.split(' ', 1)[0]) * 1_000, line })),
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      await ended;
    },
  };
}
