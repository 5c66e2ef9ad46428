import { createServer } from 'node:net';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import { type Finding, reasonOf } from './doctor.js';

const ANSWER_WITHIN_MS = 5_000;
/** Signed requests are valid for a minute. Half of that is left for the network. */
const CLOCKS_APART_MS = 30_000;

/**
 * Compares this machine's clock with another's: `theirs` is what the other said, `ours` the time when its answer
 * arrived.
 */
export function examineClock(theirs: Date, ours: Date, whose: string): Finding {
  const apart = Math.abs(theirs.getTime() - ours.getTime());
  const evidence = `${(apart / 1_000).toFixed(1)} s from the clock of ${whose}`;
  if (apart <= CLOCKS_APART_MS) return pass('CLOCK', evidence);
  return fail('CLOCK', evidence, 'set the clock, and keep it with an NTP client such as systemd-timesyncd or chrony');
}

/** Requests `/readyz`. Resolves with the finding, and with the server's time if it sent one. */
export async function examineControlPlane(
  url: URL,
): Promise<{ readonly finding: Finding; readonly time: Date | null }> {
  const code = 'CONTROL_PLANE';
  const began = performance.now();
  try {
    const response = await fetch(new URL('readyz', url.href.endsWith('/') ? url : `${url.href}/`), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
    await response.arrayBuffer();
    const date = Date.parse(response.headers.get('date') ?? '');
    const time = Number.isNaN(date) ? null : new Date(date);
    const evidence = `${url.origin} answers in ${Math.round(performance.now() - began)} ms`;
    if (response.ok) return { finding: pass(code, `${evidence}, ready`), time };
    const remedy = 'globalstacks-control-plane doctor, on its machine';
    return { finding: fail(code, `${evidence}, but is not ready (status ${response.status})`, remedy), time };
  } catch (error) {
    const remedy = 'check that it runs, its address, a firewall between, and for https:// GLOBALSTACKS_CA_FILE';
    return { finding: fail(code, `${url.origin} does not answer: ${reasonOf(error)}`, remedy), time: null };
  }
}

/** Whether this process can listen on this address, as the program will. Port 0 is always free. */
export function examinePort(code: string, host: string, port: number, remedy: string): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(fail(code, `${host}:${port}: ${error.message}`, remedy)));
    server.listen(port, host, () => server.close(() => resolve(pass(code, `${host}:${port} is free`))));
  });
}
