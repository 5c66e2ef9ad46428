import type { OutgoingHttpHeaders } from 'node:http2';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { FlowRefusedError, PeerUnreachableError, ProbeNotKnownError } from './flow.js';
import { PROBE, PROBE_MARK, parseVersion } from './flow-headers.js';

const MAX_MESSAGE_LENGTH = 512;
const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/** The answer that opens a flow. */
export function acceptHeaders(targetVersion: number): OutgoingHttpHeaders {
  return { ':status': 200, 'gs-version': String(targetVersion) };
}

/** The answer to a probe whose flow would be opened. */
export function confirmHeaders(targetVersion: number): OutgoingHttpHeaders {
  return { ...acceptHeaders(targetVersion), [PROBE]: PROBE_MARK };
}

/** The answer that refuses a flow: `status` as in HTTP; code, message and version for the source. */
export function refusalHeaders(
  status: number,
  code: string,
  message: string,
  targetVersion: number | null,
): OutgoingHttpHeaders {
  return {
    ':status': status,
    'gs-code': CODE.test(code) ? code : 'REFUSED',
    'gs-message': encodeURIComponent(message.slice(0, MAX_MESSAGE_LENGTH).toWellFormed()),
    ...(targetVersion === null ? {} : { 'gs-version': String(targetVersion) }),
  };
}

/**
 * The target's version if it accepted. Throws FlowRefusedError, and PeerUnreachableError for an answer that breaks the
 * protocol.
 */
export function readAnswer(headers: Readonly<Record<string, unknown>>): number {
  const version = readVersion(headers['gs-version']);
  if (Number(headers[':status']) === 200) {
    if (version === null) throw offProtocol('it accepted without its version');
    return version;
  }
  const code = headers['gs-code'];
  if (typeof code !== 'string' || !CODE.test(code)) throw offProtocol(`status ${headers[':status']} without a reason`);
  throw new FlowRefusedError(code, readMessage(headers['gs-message']), version);
}

/**
 * The target's version if it would accept the flow. Throws FlowRefusedError, PeerUnreachableError, and
 * ProbeNotKnownError if the peer does not know probes.
 */
export function readProbeAnswer(headers: Readonly<Record<string, unknown>>): number {
  if (Number(headers[':status']) === 200 && headers[PROBE] !== PROBE_MARK) throw probeNotKnown();
  try {
    return readAnswer(headers);
  } catch (error) {
    // A peer that does not know probes refuses the request for its unknown gs- header.
    if (error instanceof FlowRefusedError && error.code === 'HEADER_UNKNOWN') throw probeNotKnown();
    throw error;
  }
}

function probeNotKnown(): ProbeNotKnownError {
  return new ProbeNotKnownError(
    'PROBE_NOT_KNOWN',
    'the peer runs an earlier release that does not know probes',
    'run the same GlobalStacks version on both agents',
  );
}

function readVersion(value: unknown): number | null {
  if (value === undefined) return null;
  try {
    if (typeof value === 'string') return parseVersion(value);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
  }
  throw offProtocol('its version is not a number');
}

function readMessage(value: unknown): string {
  if (typeof value !== 'string' || value.length > MAX_MESSAGE_LENGTH * 9) return 'refused without a message';
  try {
    return decodeURIComponent(value);
  } catch {
    return 'refused with a message that cannot be read';
  }
}

function offProtocol(reason: string): PeerUnreachableError {
  return new PeerUnreachableError(
    'PEER_PROTOCOL',
    `the peer's answer is not valid: ${reason}`,
    'run the same GlobalStacks version on both agents',
  );
}
