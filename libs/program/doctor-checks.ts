import { createServer } from 'node:net';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import { type Finding, reasonOf } from './doctor.js';

const ANSWER_WITHIN_MS = 5_000;
/** Signed requests are good for a minute; half of it is left for the way. */
const CLOCKS_APART_MS = 30_000;

/** Whether this machine's clock is near another's. `at`: what the other said, and when the answer came, in ms. */
export function examineClock(theirs: Date, ours: Date, whose: string): Finding {
  const apart = Math.abs(theirs.getTime() - ours.getTime());
  const evidence = `${(apart / 1_000).toFixed(1)} s from the clock of ${whose}`;
  if (apart <= CLOCKS_APART_MS) return pass('CLOCK', evidence);
  return fail('CLOCK', evidence, 'set the clock, and keep it with an NTP client such as systemd-timesyncd or chrony');
}

/** Asks for `/readyz`. Resolves with the finding, and with the server's time where it told it. */
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

/** Whether this process can listen there, as the program will. Port 0 is always free. */
export function examinePort(code: string, host: string, port: number, remedy: string): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(fail(code, `${host}:${port}: ${error.message}`, remedy)));
    server.listen(port, host, () => server.close(() => resolve(pass(code, `${host}:${port} is free`))));
  });
}
