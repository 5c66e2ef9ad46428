import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSeed } from '#libs/bus/nats-keys.js';
import { probeBus } from '#libs/bus/probe.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { CodedError } from '#libs/contracts/errors.js';
import { isLoopback, isUnspecified } from '#libs/contracts/host-addresses.js';
import { probeControlServer } from '#libs/control-server/probe.js';
import { ControlPlaneRefusedError, postToControlPlane } from '#libs/member/control-plane-http.js';
import { memberKeys } from '#libs/member/keys.js';
import { parseEndpoint } from '#libs/mesh/endpoint.js';
import { type Finding, reasonOf } from '#libs/program/doctor.js';
import { examineAdvertised, examinePort } from '#libs/program/doctor-checks.js';
import { takeLock } from '#libs/program/lock.js';
import { type AgentCredentials, credentialsFile, parseCredentials } from '../enrollment/credentials.js';
import { isRevocation, renewalRequest, UNREACHABLE } from '../enrollment/enrollment.js';
import { ownHostTowards } from '../foundation/own-host.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { chooseMesh } from '../mesh/mesh-settings.js';
import type { AgentSettings } from '../settings.js';
import { readStateFile } from '../state/state-file.js';

const CONTROL_SERVER_WITHIN_MS = 5_000;

/** The content of the state folder, which is only read. */
export interface StateFound {
  readonly finding: Finding;
  readonly credentials: AgentCredentials | null;
  readonly seed: string | null;
  readonly isRunning: boolean;
}

export async function openState({ name, stateFolder }: AgentSettings): Promise<StateFound> {
  const identity = join(stateFolder, 'identity');
  const none = { credentials: null, seed: null, isRunning: false };
  const enrol = `as admin, run gstacks agent enroll ${name}; then, on this host, the line that it prints`;
  if (!existsSync(credentialsFile(identity))) {
    return { ...none, finding: fail('ENROLLED', `${identity} holds no credentials`, enrol) };
  }
  try {
    const credentials = parseCredentials(await readStateFile(credentialsFile(identity)));
    const seed = readFileSync(join(identity, 'bus.seed'), 'utf8').trim();
    parseSeed('user', seed);
    const until = credentials.expiresAt.toISOString();
    const isOver = credentials.expiresAt.getTime() < Date.now();
    const finding = isOver
      ? fail('ENROLLED', `the credentials expired at ${until}`, 'start the agent: it renews them')
      : pass('ENROLLED', `as ${credentials.agentId}; the credentials are renewed before ${until}`);
    return { finding, credentials, seed, isRunning: isHeld(stateFolder) };
  } catch (error) {
    return { ...none, finding: fail('ENROLLED', reasonOf(error), enrol) };
  }
}

function isHeld(stateFolder: string): boolean {
  const attempt = takeLock(join(stateFolder, 'agent'));
  if (attempt.kind === 'held') return true;
  attempt.lock.release();
  return false;
}

/**
 * The control plane's refusal of this agent, asked where the bus refuses its credentials: an agent that was revoked
 * gets no others. null: it refuses nothing, or does not answer. What it answers is not kept.
 */
export async function refusalOf(
  { name, stateFolder, controlPlaneUrl }: AgentSettings,
  { seed }: StateFound,
): Promise<Finding | null> {
  if (seed === null) return null;
  try {
    const keys = memberKeys(seed, readFileSync(join(stateFolder, 'identity', 'mesh.pem'), 'utf8').trim());
    const request = renewalRequest(name, keys, new Date());
    await postToControlPlane({ url: controlPlaneUrl, unreachable: UNREACHABLE }, request);
    return null;
  } catch (error) {
    if (!(error instanceof ControlPlaneRefusedError)) return null;
    const remedy = isRevocation(error)
      ? `stop it and empty ${stateFolder}; as admin, run gstacks agent enroll ${name}; then, on this host, the line that ` +
        'it prints'
      : error.remedy;
    return fail('ENROLLED', `the control plane refuses this agent: ${error.message} (${error.code})`, remedy);
  }
}

export async function examineBus({ credentials, seed }: StateFound): Promise<Finding> {
  const code = 'BUS';
  if (credentials === null || seed === null) return skipped(code, 'the address of the bus comes with the credentials');
  try {
    return pass(
      code,
      `${await probeBus(credentials.busServers, { jwt: credentials.busJwt, seed })} accepts the credentials`,
    );
  } catch (error) {
    const remedy =
      'check that nats-server runs, firewalls on the way, for tls:// also GLOBALSTACKS_CA_FILE, and that the agent ' +
      'is not revoked: gstacks agent list';
    const known = error instanceof CodedError ? error.remedy : null;
    return fail(code, `${credentials.busServers.join(', ')}: ${reasonOf(error)}`, known ?? remedy);
  }
}

/** What this agent tells peers to dial. Without a setting, it is an address of this host. */
async function examineEndpoint(
  { controlPlaneUrl }: AgentSettings,
  { listen, advertise }: { readonly listen: string; readonly advertise: string | null },
): Promise<Finding> {
  const { host } = parseEndpoint(advertise ?? listen, SETTINGS.directAdvertise.variable, true);
  const own = advertise === null && isUnspecified(host) ? await ownHostTowards(controlPlaneUrl) : null;
  return examineAdvertised('MESH', {
    host: own ?? host,
    setting: SETTINGS.directAdvertise.variable,
    isHereOnly: isLoopback(controlPlaneUrl.hostname.replace(/^\[|\]$/g, '')),
  });
}

export async function examineMesh(
  settings: AgentSettings,
  state: Pick<StateFound, 'credentials' | 'isRunning'>,
): Promise<Finding> {
  const code = 'MESH';
  const offered = state.credentials ?? { meshTransport: null, meshControlUrl: null };
  const choice = chooseMesh(settings.mesh, offered);
  if (choice.kind === 'unavailable') {
    const remedy =
      'set GLOBALSTACKS_MESH_TRANSPORT=direct where hosts reach one another, or a mesh at the control plane';
    return fail(code, choice.state.message ?? 'there is no mesh', remedy);
  }
  if (choice.kind === 'direct') {
    const advertised = await examineEndpoint(settings, choice);
    if (advertised.status === 'fail') return advertised;
    if (state.isRunning) return skipped(code, 'the agent runs: check its mesh with `gstacks mesh doctor`');
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(choice.listen) ?? [];
    const remedy =
      'stop the process that listens there, or set GLOBALSTACKS_MESH_DIRECT_LISTEN to an address of this host';
    return examinePort(code, host.replace(/^\[|\]$/g, ''), Number(port), remedy);
  }
  try {
    accessSync(choice.meshNode, constants.X_OK);
  } catch (error) {
    return fail(code, reasonOf(error), 'build mesh-node (docs/deploy.md) and set GLOBALSTACKS_MESH_NODE to its path');
  }
  const fault = await probeControlServer(choice.controlUrl, CONTROL_SERVER_WITHIN_MS);
  if (fault === null) return pass(code, `${choice.controlUrl} answers, and ${choice.meshNode} exists`);
  return fail(code, fault.message, fault.remedy);
}
