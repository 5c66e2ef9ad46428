export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** How to load the script at the start of a shell. */
export const USE: { readonly [shell in Shell]: string } = {
  bash: 'source <(gstacks completion bash)   in ~/.bashrc',
  zsh: 'source <(gstacks completion zsh)    in ~/.zshrc, after compinit',
  fish: 'gstacks completion fish | source    in ~/.config/fish/config.fish',
};

/** The script for a shell; `program` is the path of gstacks, which may be an alias in the shell. */
export function completionScript(shell: Shell, program: string): string {
  return SCRIPTS[shell].replace('PROGRAM', () => quoted(shell, program));
}

function quoted(shell: Shell, program: string): string {
  if (shell !== 'fish') return `'${program.replaceAll("'", "'\\''")}'`;
  return `'${program.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

const SCRIPTS: { readonly [shell in Shell]: string } = {
  // bash also splits words at `:` and `=`, and expects only the part after them.
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
