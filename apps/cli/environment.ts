import { CA_FILE, optionalSetting, type Setting } from '#libs/program/setting.js';

/** What the command line reads from its environment; docs/settings.md lists it. */
export const SETTINGS = {
  url: optionalSetting('GLOBALSTACKS_URL', 'The control plane', "the current context's"),
  token: optionalSetting('GLOBALSTACKS_TOKEN', 'Token for it', "the current context's"),
  home: optionalSetting(
    'GLOBALSTACKS_HOME',
    'Home folder of a stack of `npm start` on this machine, whose address and token are used',
    '`.gstacks` in the clone',
  ),
  configFolder: optionalSetting('XDG_CONFIG_HOME', 'Contexts are kept in `gstacks` below it', '`~/.config`'),
  runtimeFolder: optionalSetting(
    'XDG_RUNTIME_DIR',
    'Background nodes of `mesh join` keep their sockets and state below it',
    '`GLOBALSTACKS_HOME`, or the folder of the context',
  ),
  authorities: CA_FILE,
  meshNode: optionalSetting(
    'GLOBALSTACKS_MESH_NODE',
    'The program `mesh-node`, which `mesh join` needs for a tsnet mesh',
    '`.cache/bin/mesh-node` of the clone',
  ),
  browser: optionalSetting('BROWSER', 'Program that `gstacks console` opens the page with', "the system's"),
  noColour: optionalSetting('NO_COLOR', 'Set to anything: no colours ([no-color.org](https://no-color.org))'),
};

/** The settings that the command line reads from environment variables. An empty variable counts as unset. */
export interface CliEnvironment {
  /** The control plane and the token; not parsed yet. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** The home folder of a stack on this machine. */
  readonly home: string | undefined;
  /** XDG Base Directory Specification. */
  readonly configFolder: string | undefined;
  readonly runtimeFolder: string | undefined;
  /** PEM file of certificate authorities to trust besides Node's. */
  readonly authorities: string | undefined;
  /** The mesh-node program. */
  readonly meshNode: string | undefined;
  /** The program that opens a page. */
  readonly browser: string | undefined;
  /** False with NO_COLOR (no-color.org), and for a terminal that has none. */
  readonly allowsColour: boolean;
}

export function readEnvironment(
  variables: { readonly [name: string]: string | undefined } = process.env,
): CliEnvironment {
  const read = ({ variable }: Setting): string | undefined => variables[variable] || undefined;
  return {
    url: read(SETTINGS.url),
    token: read(SETTINGS.token),
    home: read(SETTINGS.home),
    configFolder: read(SETTINGS.configFolder),
    runtimeFolder: read(SETTINGS.runtimeFolder),
    authorities: read(SETTINGS.authorities),
    meshNode: read(SETTINGS.meshNode),
    browser: read(SETTINGS.browser),
    allowsColour: read(SETTINGS.noColour) === undefined && variables.TERM !== 'dumb',
  };
}
