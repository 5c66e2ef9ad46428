export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** How a shell is told to take it, for the start of its own file. */
export const USE: { readonly [shell in Shell]: string } = {
  bash: 'source <(gstacks completion bash)   in ~/.bashrc',
  zsh: 'source <(gstacks completion zsh)    in ~/.zshrc, after compinit',
  fish: 'gstacks completion fish | source    in ~/.config/fish/config.fish',
};

/** The script for a shell; `program`: the path of gstacks, which may be an alias in the shell. */
export function completionScript(shell: Shell, program: string): string {
  return SCRIPTS[shell].replace('PROGRAM', () => quoted(shell, program));
}

function quoted(shell: Shell, program: string): string {
  if (shell !== 'fish') return `'${program.replaceAll("'", "'\\''")}'`;
  return `'${program.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const SCRIPTS: { readonly [shell in Shell]: string } = {
  // bash breaks words at `:` and `=` as well, and then wants only what comes after them.
  bash: `_gstacks() {
  local line=\${COMP_LINE:0:COMP_POINT} words current IFS=$' \\t\\n'
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[-1]}
  IFS=$'\\n'
  COMPREPLY=($(PROGRAM __complete -- "\${words[@]:1}" 2> /dev/null))
  COMPREPLY=("\${COMPREPLY[@]#"\${current%"\${current##*[:=]}"}"}")
}
complete -o default -F _gstacks gstacks
`,
  zsh: `_gstacks() {
  local -a found
  found=("\${(@f)$(PROGRAM __complete -- "\${(@)words[2,CURRENT]}" 2> /dev/null)}")
  compadd -- \${found:#}
}
compdef _gstacks gstacks
`,
  fish: `function __gstacks_complete
  set -l words (commandline -opc) (commandline -ct)
  PROGRAM __complete -- $words[2..] 2> /dev/null
end
complete -c gstacks -f -a '(__gstacks_complete)'
`,
};
