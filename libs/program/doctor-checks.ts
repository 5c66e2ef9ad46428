import { createServer } from 'node:net';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import { isLoopback, isUnspecified } from '#libs/contracts/host-addresses.js';
import { parseObject } from '#libs/contracts/json-fields.js';
import { type Finding, reasonOf } from './doctor.js';
import { bindFault } from './port-owner.js';

const ANSWER_WITHIN_MS = 5_000;
/** Signed requests are valid for a minute. Half of that is left for the network. */
const CLOCKS_APART_MS = 30_000;

/**
 * Compares this machine's clock with another's: `theirs` is what the other said, `ours` the time when its answer
 * arrived.
 */
export function examineClock(theirs: Date, ours: Date, whose: string): Finding {
  const apart = Math.abs(theirs.getTime() - ours.getTime());
  const evidence = `${(apart / 1_000).toFixed(1)} s apart from the clock of ${whose}`;
  if (apart <= CLOCKS_APART_MS) return pass('CLOCK', evidence);
  return fail('CLOCK', evidence, 'set the clock, and keep it with an NTP client such as systemd-timesyncd or chrony');
}

/** What a request for `/readyz` shows. */
export interface ControlPlaneSeen {
  readonly finding: Finding;
  /** The server's time; null: it sent none. */
  readonly time: Date | null;
  /** Whether the answer is a control plane's, ready or not. */
  readonly isControlPlane: boolean;
}

/** Requests `/readyz`. */
export async function examineControlPlane(url: URL): Promise<ControlPlaneSeen> {
  const code = 'CONTROL_PLANE';
  const began = performance.now();
  try {
    const response = await fetch(new URL('readyz', url.href.endsWith('/') ? url : `${url.href}/`), {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      redirect: 'error',
    });
    const answer = await response.text();
    const date = Date.parse(response.headers.get('date') ?? '');
    const time = Number.isNaN(date) ? null : new Date(date);
    const evidence = `${url.origin} answers in ${Math.round(performance.now() - began)} ms`;
    if (response.ok) return { finding: pass(code, `${evidence}, ready`), time, isControlPlane: true };
    const remedy = 'globalstacks-control-plane doctor, on its machine';
    const problem = problemIn(answer);
    const said = problem === null ? `but is not ready (status ${response.status})` : `but says: ${problem}`;
    return { finding: fail(code, `${evidence}, ${said}`, remedy), time, isControlPlane: problem !== null };
  } catch (error) {
    const remedy = 'check that it runs, its address, firewalls on the way, and for https:// also GLOBALSTACKS_CA_FILE';
    const finding = fail(code, `${url.origin} does not answer: ${reasonOf(error)}`, remedy);
    return { finding, time: null, isControlPlane: false };
  }
}

/** The detail of a control plane's problem document (RFC 9457); null: the text is none. */
function problemIn(text: string): string | null {
  try {
    const { code, detail } = parseObject(JSON.parse(text), 'problem');
    return typeof code === 'string' && typeof detail === 'string' ? `${detail} (${code})` : null;
  } catch {
    return null;
  }
}

/** Whether this process can listen on this address, as the program will. Port 0 is always free. */
export function examinePort(code: string, host: string, port: number, remedy: string): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) =>
      resolve(bindFault(port, error).then((fault) => fail(code, `${host}:${port} ${fault}`, remedy))),
    );
    server.listen(port, host, () => server.close(() => resolve(pass(code, `${host}:${port} is free`))));
  });
}

/**
 * Whether others can dial the address that a setting tells them. An address of this machine alone serves only a
 * deployment that is on this machine: `isHereOnly`.
 */
export function examineAdvertised(
  code: string,
  { host, setting, isHereOnly }: { readonly host: string; readonly setting: string; readonly isHereOnly: boolean },
): Finding {
  const remedy = `set ${setting} to the address at which other machines reach this one`;
  if (isUnspecified(host))
    return fail(code, `other machines are told to dial ${host}, which is not the address of a host`, remedy);
  if (isLoopback(host) && !isHereOnly) {
    return fail(code, `other machines are told to dial ${host}, at which each of them reaches itself`, remedy);
  }
  return pass(code, `other machines are told to dial ${host}`);
}
