/** The settings that the command line reads from environment variables. An empty variable counts as unset. */
export interface CliEnvironment {
  /** Which control plane, and the token for it; not parsed yet. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** The home folder of a stack on this machine. */
  readonly home: string | undefined;
  /** Of the XDG Base Directory Specification. */
  readonly configFolder: string | undefined;
  readonly runtimeFolder: string | undefined;
  /** The program that opens a page. */
  readonly browser: string | undefined;
  /** False with NO_COLOR (no-color.org), and for a terminal that has none. */
  readonly allowsColour: boolean;
}

export function readEnvironment(
  variables: { readonly [name: string]: string | undefined } = process.env,
): CliEnvironment {
  const read = (name: string): string | undefined => variables[name] || undefined;
  return {
    url: read('GLOBALSTACKS_URL'),
    token: read('GLOBALSTACKS_TOKEN'),
    home: read('GLOBALSTACKS_HOME'),
    configFolder: read('XDG_CONFIG_HOME'),
    runtimeFolder: read('XDG_RUNTIME_DIR'),
    browser: read('BROWSER'),
    allowsColour: read('NO_COLOR') === undefined && variables.TERM !== 'dumb',
  };
}
