import { readdirSync, statSync } from 'node:fs';
import type { Client } from 'pg';
import { loadBusAuthority } from '#libs/bus/authority.js';
import { probeBus } from '#libs/bus/probe.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { CodedError } from '#libs/contracts/errors.js';
import { isLoopback } from '#libs/contracts/host-addresses.js';
import { probeControlServer } from '#libs/control-server/probe.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import {
  examine,
  exitCodeOfFindings,
  type Finding,
  findingsText,
  reasonOf,
  settingsFault,
} from '#libs/program/doctor.js';
import { examineAdvertised, examineClock, examineControlPlane, examinePort } from '#libs/program/doctor-checks.js';
import { migrationNames } from '#migrations/index.js';
import { readBootstrapToken } from '../foundation/bootstrap-token.js';
import { requirePostgres } from '../foundation/database-fault.js';
import { type ControlPlaneSettings, readSettings } from '../foundation/settings.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { withDatabase } from './database.js';
import { CONFIG_OPTION, CONFIG_USAGE, settingsOf } from './environment.js';
import { hasEvents, migrationsOf } from './tables.js';

const CONTROL_SERVER_WITHIN_MS = 5_000;

export const doctor: ProgramCommand = {
  summary: 'Check this machine: settings, keys, database, bus, port, mesh and clock',
  usage: `[options]

  --json         the findings as JSON
  ${CONFIG_USAGE}

Changes nothing. Exit code 0: nothing failed; 1: something did; 5: something could not be found out.`,
  options: { json: { type: 'boolean' }, ...CONFIG_OPTION },
  async run(given, environment) {
    const findings = await findingsOf(() => readSettings(settingsOf(given, environment)));
    process.stdout.write(given.has('json') ? `${JSON.stringify({ findings })}\n` : findingsText(findings));
    return exitCodeOfFindings(findings);
  },
};

/** What the doctor finds with the settings that `read` gives. */
export async function findingsOf(read: () => ControlPlaneSettings): Promise<readonly Finding[]> {
  let settings: ControlPlaneSettings;
  try {
    settings = read();
    if (settings.bootstrapTokenFile !== null) readBootstrapToken(settings.bootstrapTokenFile);
  } catch (error) {
    return settingsFault(error);
  }
  const database = lookAtDatabase(settings.databaseUrl);
  return [
    pass('SETTINGS', `listens on ${settings.listen.map(({ host, port }) => `${host}:${port}`).join(', ')}`),
    ...(await examine([
      { code: 'KEYS', look: async () => examineKeys(settings.keysFolder) },
      { code: 'DATABASE', look: async () => (await database).finding },
      { code: 'CLOCK', look: async () => (await database).clock },
      { code: 'BUS', look: () => examineBus(settings) },
      { code: 'ADVERTISED', look: async () => examineBusAdvertised(settings) },
      { code: 'HTTP', look: () => examineHttp(settings) },
      { code: 'MESH', look: () => examineMesh(settings) },
    ])),
  ];
}

function keyFilesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /\.(seed|pem)$/.test(name));
}

function hasKeys(folder: string): boolean {
  try {
    return keyFilesIn(folder).length > 0;
  } catch {
    // KEYS reports it.
    return false;
  }
}

function examineKeys(folder: string): Finding {
  const code = 'KEYS';
  try {
    const files = keyFilesIn(folder);
    const mode = statSync(folder).mode & 0o777;
    if (files.length === 0) return skipped(code, `${folder} has no keys yet: the first start makes them`);
    if ((mode & 0o077) !== 0) {
      return fail(code, `${folder} is open to others (mode ${mode.toString(8)})`, `chmod 700 ${folder}`);
    }
    return pass(code, `${files.length} keys in ${folder}, for its owner alone`);
  } catch (error) {
    return fail(code, reasonOf(error), 'make the folder of GLOBALSTACKS_KEYS_DIR, and run this as its owner or root');
  }
}

async function lookAtDatabase(url: string): Promise<{ readonly finding: Finding; readonly clock: Finding }> {
  const code = 'DATABASE';
  const failed = (error: unknown): Finding => {
    const remedy = error instanceof CodedError ? error.remedy : null;
    return fail(code, reasonOf(error), remedy ?? 'check GLOBALSTACKS_DATABASE_URL, and that Postgres runs');
  };
  try {
    return await withDatabase(url, 'globalstacks doctor', async (client) => {
      const { rows } = await client.query<{ now: Date }>('SELECT clock_timestamp() AS now');
      const clock = examineClock(rows[0]?.now ?? new Date(0), new Date(), 'the database');
      return { finding: await examineRecord(client).catch(failed), clock };
    });
  } catch (error) {
    return { finding: failed(error), clock: skipped('CLOCK', 'the database did not answer with its time') };
  }
}

async function examineRecord(client: Client): Promise<Finding> {
  const code = 'DATABASE';
  const said = `Postgres ${await requirePostgres(client)} answers`;
  if (!(await hasEvents(client))) return pass(code, `${said}; it has no events yet`);
  const had = await migrationsOf(client);
  const unknown = had.filter((name) => !migrationNames.includes(name));
  if (unknown.length > 0) {
    const evidence = `${said}, but a newer release migrated it: ${unknown.join(', ')}`;
    return fail(code, evidence, 'install that release, or restore a backup made before the upgrade');
  }
  const due = migrationNames.length - had.length;
  return pass(code, `${said}; ${due === 0 ? 'up to date' : `${due} migrations at the next start`}`);
}

async function examineBus({ keysFolder, busServers }: ControlPlaneSettings): Promise<Finding> {
  const code = 'BUS';
  // Loading the authority would make keys if there are none.
  if (!hasKeys(keysFolder)) return skipped(code, 'there are no keys that could be used to connect');
  try {
    const credentials = await loadBusAuthority(keysFolder).controlPlaneCredentials();
    return pass(code, `${await probeBus(busServers, credentials)} accepts the keys of ${keysFolder}`);
  } catch (error) {
    const remedy =
      'check that nats-server runs with the configuration that globalstacks-control-plane nats-config prints, and ' +
      'for tls:// also GLOBALSTACKS_CA_FILE';
    const known = error instanceof CodedError ? error.remedy : null;
    return fail(code, `${busServers.join(', ')}: ${reasonOf(error)}`, known ?? remedy);
  }
}

/** What members are told to dial. A control plane that listens on loopback alone has all members on its machine. */
function examineBusAdvertised({ busAdvertised, listen }: ControlPlaneSettings): Finding {
  const code = 'ADVERTISED';
  const isHereOnly = listen.every(({ host }) => isLoopback(host));
  const findings = busAdvertised.map((url) => {
    const host = URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : url;
    return examineAdvertised(code, { host, setting: SETTINGS.natsAdvertiseUrl.variable, isHereOnly });
  });
  return findings.find(({ status }) => status === 'fail') ?? pass(code, `members are told ${busAdvertised.join(', ')}`);
}

/** Either this control plane answers there, or the port is free. */
export async function examineHttp({ listen }: Pick<ControlPlaneSettings, 'listen'>): Promise<Finding> {
  const code = 'HTTP';
  const [first] = listen;
  if (first === undefined) return skipped(code, 'it listens nowhere');
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[first.host] ?? first.host;
  const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${first.port}`);
  const port = await examinePort(
    code,
    first.host,
    first.port,
    'stop the process that listens there, or set GLOBALSTACKS_HTTP_LISTEN to another address',
  );
  if (port.status === 'pass') return pass(code, `${port.evidence}; the control plane does not run`);
  const { finding, isControlPlane } = await examineControlPlane(url);
  if (finding.status === 'pass') return pass(code, `the control plane runs: ${finding.evidence}`);
  // What it lacks has a finding of its own.
  return isControlPlane ? { ...finding, code, remedy: 'see the other findings, and its log' } : port;
}

async function examineMesh({ mesh }: ControlPlaneSettings): Promise<Finding> {
  const code = 'MESH';
  if (mesh.controlUrl === null)
    return skipped(code, "no control server is set; each agent's own settings decide how it reaches others");
  const fault = await probeControlServer(mesh.controlUrl.href, CONTROL_SERVER_WITHIN_MS);
  if (fault !== null) return fail(code, fault.message, fault.remedy);
  return pass(code, `${mesh.controlUrl.href} answers; for the keys, run \`gstacks mesh doctor\``);
}
