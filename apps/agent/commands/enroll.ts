import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { CodedError } from '#libs/contracts/errors.js';
import { type Given, type ProgramCommand, UsageError } from '#libs/program/command-line.js';
import { makeFolders } from '#libs/program/folder-owner.js';
import type { Setting } from '#libs/program/setting.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { type AgentCredentials, credentialsFile } from '../enrollment/credentials.js';
import { openEnrollment } from '../enrollment/open-enrollment.js';
import { SETTINGS } from '../foundation/settings-list.js';
import { type Environment } from '../foundation/variables.js';
import { DRIVERS } from '../sandboxes/drivers.js';
import { type AgentSettings, parseAgentSettings } from '../settings.js';
import { makeStateFolder, ownStateFolder } from '../state/own-state-folder.js';
import { CONFIG_FILE, STATE_FOLDER } from './places.js';

/** The settings file of this host belongs to another agent. */
class OtherAgentHereError extends CodedError {}

/** A token was given, but this host is enrolled already and needs none. */
class AlreadyEnrolledError extends CodedError {}

const HELP = 'globalstacks-agent enroll --help';
const ENROLL_WITHIN_MS = 20_000;

const KNOWN_SETTINGS = [SETTINGS, ...DRIVERS.map(({ settings }) => settings)]
  .flatMap((settings) => Object.values<Setting>(settings).map(({ variable }) => variable))
  .sort();

export const enroll: ProgramCommand = {
  summary: 'Enrol this host: make its keys, spend its token and write its settings',
  usage: `--url URL --name NAME [--token-file FILE] [options]

  --url URL            the control plane, as this host reaches it
  --name NAME          the agent's name, which the token is for
  --token-file FILE    the token of \`gstacks agent enroll NAME\`; - reads it from standard input. An enrolled
                       host needs none: without it, the command writes the settings anew
  --driver DRIVER      docker (default), link, netns or static
  --set NAME=value     any other setting of an agent (docs/settings.md); may be repeated
  --state-dir FOLDER   default ${STATE_FOLDER}
  --config FILE        where the settings are written, default ${CONFIG_FILE}

Settings for --set:
${KNOWN_SETTINGS.map((name) => `  ${name}\n`).join('')}`,
  options: {
    url: { type: 'string' },
    name: { type: 'string' },
    'token-file': { type: 'string' },
    driver: { type: 'string' },
    set: { type: 'string', multiple: true },
    'state-dir': { type: 'string' },
    config: { type: 'string' },
  },
  async run(given) {
    const config = resolve(given.one('config') ?? CONFIG_FILE);
    const variables = variablesOf(given);
    const settings = parseAgentSettings(variables);
    trustAuthorities(variables[SETTINGS.caFile.variable]);
    refuseOtherAgent(config, settings);
    const isEnrolled = existsSync(credentialsFile(identityOf(settings)));
    const tokenFile = isEnrolled ? given.one('token-file') : given.need('token-file');

    const { agentId, expiresAt } = await enrolled(settings, tokenFile === '-' ? '/dev/stdin' : tokenFile);
    const unset = settingsOf(config).filter((name) => variables[name] === undefined);
    makeFolders(dirname(config), 0o755);
    writeWhole(config, configText(variables), 0o600);
    process.stdout.write(
      `${agentId} is enrolled at ${settings.controlPlaneUrl.origin}; credentials are renewed before ${expiresAt.toISOString()}
settings: ${config}
${unset.length === 0 ? '' : `removed:  ${unset.join(', ')}: give all settings that the agent is to have\n`}state:    ${settings.stateFolder}
next:     systemctl enable --now globalstacks-agent (without systemd: globalstacks-agent run${
        config === CONFIG_FILE ? '' : ` --config ${config}`
      })
`,
    );
    return 0;
  },
};

/** The settings from this command line. Error: UsageError. */
function variablesOf(given: Given): { readonly [name: string]: string } {
  const more = given.many('set').map((setting) => {
    const [, name, value] = /^(GLOBALSTACKS_[A-Z0-9_]+)=(.*)$/.exec(setting) ?? [];
    if (name === undefined || value === undefined) {
      const accepted = '--set takes a setting such as GLOBALSTACKS_MESH_TRANSPORT=direct';
      throw new UsageError(`${accepted}, not ${JSON.stringify(setting)}`, HELP);
    }
    if (!KNOWN_SETTINGS.includes(name)) {
      throw new UsageError(`agents have no setting ${name}`, `${HELP}, which lists the settings`);
    }
    return [name, value] as const;
  });
  return {
    [SETTINGS.name.variable]: given.need('name'),
    [SETTINGS.controlPlaneUrl.variable]: given.need('url'),
    [SETTINGS.stateDir.variable]: resolve(given.one('state-dir') ?? STATE_FOLDER),
    [SETTINGS.driver.variable]: given.one('driver') ?? 'docker',
    ...Object.fromEntries(more),
  };
}

/**
 * Enrolling the same name again renews its credentials. Another name is refused: two agents would share one state
 * folder.
 */
function refuseOtherAgent(config: string, { name }: AgentSettings): void {
  if (!existsSync(config)) return;
  const settings: Environment = parseEnv(readFileSync(config, 'utf8'));
  const present = settings[SETTINGS.name.variable];
  if (present === undefined || present === name) return;
  throw new OtherAgentHereError(
    'OTHER_AGENT',
    `${config} has the settings of agent ${present}`,
    `enrol with --name ${present}, or give this agent its own --config and --state-dir`,
  );
}

/**
 * Credentials that the control plane issues now: for the token to this host's new key, or to a key that is enrolled
 * already.
 */
async function enrolled(settings: AgentSettings, tokenFile: string | null): Promise<AgentCredentials> {
  makeStateFolder(settings.stateFolder);
  const lock = ownStateFolder(settings.stateFolder);
  const signal = AbortSignal.timeout(ENROLL_WITHIN_MS);
  let unreachable: unknown = null;
  try {
    const { kept, enrollment } = await openEnrollment(
      { ...settings, enrollmentTokenFile: tokenFile, folder: identityOf(settings) },
      {
        now: () => new Date(),
        damaged: (what, _, movedTo) => process.stderr.write(`the ${what} could not be used; moved to ${movedTo}\n`),
        report: ({ kind, error }) => {
          if (kind === 'waiting') unreachable = error;
        },
      },
    );
    if (kept !== null && tokenFile !== null) throw alreadyEnrolled(settings);
    return kept === null ? await enrollment.current(null, signal) : await enrollment.renew(kept, signal);
  } catch (error) {
    throw signal.aborted && unreachable !== null ? unreachable : error;
  } finally {
    lock.release();
  }
}

function identityOf({ stateFolder }: AgentSettings): string {
  return join(stateFolder, 'identity');
}

function alreadyEnrolled({ name, stateFolder }: AgentSettings): AlreadyEnrolledError {
  return new AlreadyEnrolledError(
    'ALREADY_ENROLLED',
    `this host is already enrolled as ${name}, with its keys in ${stateFolder}; the token was not used`,
    `to change settings, run the same command without --token-file; to give the host new keys, stop the agent, run ` +
      `gstacks agent revoke ${name}, empty ${stateFolder}, and enrol it with a new token`,
  );
}

/** The names of the settings that a file has; none: there is no file. */
function settingsOf(config: string): readonly string[] {
  return existsSync(config) ? Object.keys(parseEnv(readFileSync(config, 'utf8'))) : [];
}

function configText(variables: { readonly [name: string]: string }): string {
  const quoted = (value: string): string => (/^[\w./:@%,+-]*$/.test(value) ? value : JSON.stringify(value));
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}\n`);
  return `# Written by globalstacks-agent enroll; docs/settings.md lists every setting.\n${lines.join('')}`;
}
