/** The variables of this process's environment that a child process gets: those with these names only. */
export function inheritedVariables(names: readonly string[]): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}
