/** What a child process gets of this process's environment: the variables of these names, and no other. */
export function inheritedVariables(names: readonly string[]): { readonly [name: string]: string | undefined } {
  return Object.fromEntries(names.map((name) => [name, process.env[name]]));
}
