import { basename } from 'node:path';
import { certificateFault } from '#libs/program/certificate-fault.js';
import { runsInClone } from '#libs/program/installation.js';
import type { Context } from '../context/context.js';
import { UnreachableError } from '../errors/errors.js';

/** Codes of connections that were never made; after any other failure the request may have arrived. */
const NEVER_CONNECTED = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  // Ports that fetch refuses to dial (Fetch Standard, section 2.9).
  'bad port',
]);

const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The error of a request that never reached the control plane; null: `reason` does not show that. */
export function unreachable(url: string, reason: string): UnreachableError | null {
  const { hostname } = new URL(url);
  const fault = certificateFault(url, reason);
  if (fault !== null) return new UnreachableError(fault.code, fault.message, `${fault.remedy}; then gstacks whoami`);
  if (reason === 'EPROTO') {
    const remedy = `give --url as ${url.replace('https:', 'http:')}, or with the port of the server that speaks TLS; then gstacks whoami`;
    return new UnreachableError('NOT_TLS', `what answers at ${url} does not speak TLS`, remedy);
  }
  if (!NEVER_CONNECTED.has(reason)) return null;
  return new UnreachableError(
    'UNREACHABLE',
    `the control plane at ${url} is not reachable (${reason})`,
    LOOPBACK.test(hostname)
      ? `${runsInClone() ? 'run `npm start` in the clone' : 'start the control plane on this machine'}, or give the right --url or GLOBALSTACKS_URL; then \`gstacks whoami\``
      : `check that the control plane runs on ${hostname} and that no firewall blocks its port, or give the right --url or GLOBALSTACKS_URL; then \`gstacks whoami\``,
  );
}

/** What to do about a token that the control plane refuses: without a change, the same token would be used again. */
export function tokenRemedy({ url, tokenOrigin }: Context): string {
  const login = `gstacks login --url ${url}`;
  if (tokenOrigin === 'GLOBALSTACKS_TOKEN') return `set GLOBALSTACKS_TOKEN to a valid token, or unset it and ${login}`;
  if (tokenOrigin === '--token-file') return `name a file with a valid token, or leave --token-file out and ${login}`;
  if (tokenOrigin === 'standard input') return `ask an admin for a new token, then ${login}`;
  return basename(tokenOrigin) === 'context.json'
    ? `run \`npm start\`, which writes ${tokenOrigin} again, or remove that file and ${login}`
    : login;
}
