import { readdirSync, statSync } from 'node:fs';
import { loadBusAuthority } from '#libs/bus/authority.js';
import { probeBus } from '#libs/bus/probe.js';
import { fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import { probeControlServer } from '#libs/control-server/probe.js';
import { clientConfig, connectClient } from '#libs/event-store/connection.js';
import { type ProgramCommand } from '#libs/program/command-line.js';
import { examine, exitCodeOfFindings, type Finding, findingsText, reasonOf } from '#libs/program/doctor.js';
import { examineClock, examineControlPlane, examinePort } from '#libs/program/doctor-checks.js';
import { migrationNames } from '#migrations/index.js';
import { type ControlPlaneSettings, readSettings } from '../foundation/settings.js';
import { CONFIG_OPTION, CONFIG_USAGE, settingsOf } from './environment.js';
import { hasEvents, migrationsOf } from './tables.js';

const CONTROL_SERVER_WITHIN_MS = 5_000;
/** The oldest version with everything that the record uses, and the one it is tested with. */
const OLDEST_POSTGRES = 18;
const POSTGRES_VERSION_UNIT = 10_000;

export const doctor: ProgramCommand = {
  summary: 'Check this machine: settings, keys, database, bus, port, mesh and clock',
  usage: `[options]

  --json         the findings as JSON
  ${CONFIG_USAGE}

Changes nothing. Exit code 0: nothing failed; 1: something did; 5: something could not be found out.`,
  options: { json: { type: 'boolean' }, ...CONFIG_OPTION },
  async run(given, environment) {
    const settings = readSettings(settingsOf(given, environment));
    const database = lookAtDatabase(settings.databaseUrl);
    const findings = [
      pass('SETTINGS', `listens on ${settings.listen.map(({ host, port }) => `${host}:${port}`).join(', ')}`),
      ...(await examine([
        { code: 'KEYS', look: async () => examineKeys(settings.keysFolder) },
        { code: 'DATABASE', look: async () => (await database).finding },
        { code: 'CLOCK', look: async () => (await database).clock },
        { code: 'BUS', look: () => examineBus(settings) },
        { code: 'HTTP', look: () => examineHttp(settings) },
        { code: 'MESH', look: () => examineMesh(settings) },
      ])),
    ];
    process.stdout.write(given.has('json') ? `${JSON.stringify({ findings })}\n` : findingsText(findings));
    return exitCodeOfFindings(findings);
  },
};

function keyFilesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => /\.(seed|pem)$/.test(name));
}

function examineKeys(folder: string): Finding {
  const code = 'KEYS';
  try {
    const files = keyFilesIn(folder);
    const mode = statSync(folder).mode & 0o777;
    if (files.length === 0) return skipped(code, `${folder} holds none yet: the first start makes them`);
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
  try {
    const client = await connectClient(clientConfig(url, 'globalstacks doctor'), () => {});
    try {
      const { rows } = await client.query<{ now: Date; version: string }>(
        "SELECT clock_timestamp() AS now, current_setting('server_version_num') AS version",
      );
      const major = Math.floor(Number(rows[0]?.version) / POSTGRES_VERSION_UNIT);
      const clock = examineClock(rows[0]?.now ?? new Date(0), new Date(), 'the database');
      if (major < OLDEST_POSTGRES) {
        return { finding: fail(code, `Postgres ${major}`, `use Postgres ${OLDEST_POSTGRES} or newer`), clock };
      }
      const said = `Postgres ${major} answers`;
      if (!(await hasEvents(client))) return { finding: pass(code, `${said}; it has no events yet`), clock };
      const had = await migrationsOf(client);
      const unknown = had.filter((name) => !migrationNames.includes(name));
      if (unknown.length > 0) {
        const evidence = `${said}, but a newer release migrated it: ${unknown.join(', ')}`;
        return { finding: fail(code, evidence, 'install that release, or restore a backup of before'), clock };
      }
      const due = migrationNames.length - had.length;
      return {
        finding: pass(code, `${said}; ${due === 0 ? 'up to date' : `${due} migrations at the next start`}`),
        clock,
      };
    } finally {
      await client.end();
    }
  } catch (error) {
    const finding = fail(
      code,
      reasonOf(error),
      'check GLOBALSTACKS_DATABASE_URL, and that Postgres runs and lets you in',
    );
    return { finding, clock: skipped('CLOCK', 'the database did not tell its time') };
  }
}

async function examineBus({ keysFolder, busServers }: ControlPlaneSettings): Promise<Finding> {
  const code = 'BUS';
  // Loading the authority would make keys if there are none.
  if (keyFilesIn(keysFolder).length === 0) return skipped(code, 'there are no keys yet to connect with');
  try {
    const credentials = await loadBusAuthority(keysFolder).controlPlaneCredentials();
    return pass(code, `${await probeBus(busServers, credentials)} takes the keys of ${keysFolder}`);
  } catch (error) {
    const remedy =
      'check that nats-server runs with what globalstacks-control-plane nats-config prints, and for tls:// GLOBALSTACKS_CA_FILE';
    return fail(code, `${busServers.join(', ')}: ${reasonOf(error)}`, remedy);
  }
}

/** Either this control plane answers there, or the port is free. */
async function examineHttp({ listen }: ControlPlaneSettings): Promise<Finding> {
  const code = 'HTTP';
  const [first] = listen;
  if (first === undefined) return skipped(code, 'it listens nowhere');
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[first.host] ?? first.host;
  const url = new URL(`http://${host.includes(':') ? `[${host}]` : host}:${first.port}`);
  const port = await examinePort(
    code,
    first.host,
    first.port,
    'end what listens there, or set GLOBALSTACKS_HTTP_LISTEN',
  );
  if (port.status === 'pass') return pass(code, `${port.evidence}; the control plane does not run`);
  const { finding } = await examineControlPlane(url);
  return finding.status === 'pass' ? pass(code, `the control plane runs: ${finding.evidence}`) : port;
}

async function examineMesh({ mesh }: ControlPlaneSettings): Promise<Finding> {
  const code = 'MESH';
  if (mesh.controlUrl === null)
    return skipped(code, 'no control server is set; agents say themselves how they reach one another');
  const fault = await probeControlServer(mesh.controlUrl.href, CONTROL_SERVER_WITHIN_MS);
  if (fault !== null) return fail(code, fault.message, fault.remedy);
  return pass(code, `${mesh.controlUrl.href} answers; for the keys, run \`gstacks mesh doctor\``);
}
