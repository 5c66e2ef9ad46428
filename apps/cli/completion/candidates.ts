import { ROLES } from '#libs/contracts/roles.js';

/** A command as described in oclif.manifest.json, which is known without loading it. */
export interface KnownCommand {
  readonly args: Readonly<Record<string, unknown>>;
  readonly flags: Readonly<
    Record<string, { readonly type: 'boolean' | 'option'; readonly char?: string; readonly multiple?: boolean }>
  >;
}

export type KnownCommands = Readonly<Record<string, KnownCommand>>;

/** Kinds of names that only the control plane or this machine knows. */
export type NameKind =
  | ('networks' | 'aliases' | 'sources' | 'destinations' | 'rules' | 'egress rules')
  | ('sandboxes' | 'agents' | 'tokens' | 'nodes' | 'contexts');

/** What may be typed at the cursor: words, and names of a kind. `network` is the network named in the line. */
export interface Candidates {
  readonly words: readonly string[];
  readonly names: NameKind | null;
  readonly network: string | null;
}

const NAMES_OF_ARGUMENT: Readonly<Record<string, NameKind>> = {
  network: 'networks',
  alias: 'aliases',
  from: 'sources',
  to: 'destinations',
  'sandbox-id': 'sandboxes',
  agent: 'agents',
  token: 'tokens',
  'rule-id': 'rules',
  node: 'nodes',
  context: 'contexts',
};

const NAMES_OF_FLAG: Readonly<Record<string, NameKind>> = {
  network: 'networks',
  join: 'networks',
  to: 'aliases',
  from: 'sources',
  via: 'agents',
  context: 'contexts',
};

const WORDS_OF: Readonly<Record<string, readonly string[]>> = {
  shell: ['bash', 'zsh', 'fish'],
  '--role': ROLES,
  '--effect': ['allow', 'deny'],
  '--expect': ['allow', 'deny'],
};

/** Arguments that mean another kind of name in these commands. */
const NAMES_HERE: Readonly<Record<string, NameKind>> = {
  'sandbox:pin --to': 'agents',
  'network:egress:remove rule-id': 'egress rules',
};

/** Commands that name something that does not exist yet. */
const NEW_NAMES = new Set([
  'network:create network',
  'network:attach --alias',
  'network:alias:add alias',
  'agent:enroll agent',
]);

/** `typed`: the words after `gstacks`; the last one, which may be empty, is to be completed. */
export function candidates(commands: KnownCommands, typed: readonly string[]): Candidates {
  const before = typed.slice(0, -1);
  const current = typed.at(-1) ?? '';
  const path = commandPath(Object.keys(commands), before);
  const id = path.join(':');
  const command = commands[id];
  const rest = before.slice(path.length);
  const inTopic = rest.length > 0 || current.startsWith('-') ? [] : nextWords(Object.keys(commands), path);
  if (command === undefined || rest.includes('--')) return words(inTopic);
  const pending = pendingFlag(command, rest.at(-1));
  if (pending !== null) return valuesFor(`--${pending}`, id, NAMES_OF_FLAG[pending], networkOf(command, rest));
  if (current.startsWith('-')) return words(unusedFlags(command, rest));
  const position = positionals(command, rest).length;
  const name = Object.keys(command.args)[position];
  if (name === undefined) return words(inTopic);
  const values = valuesFor(name, id, NAMES_OF_ARGUMENT[name], networkOf(command, rest));
  return { ...values, words: [...inTopic, ...values.words] };
}

function valuesFor(name: string, id: string, names: NameKind | undefined, network: string | null): Candidates {
  if (NEW_NAMES.has(`${id} ${name}`)) return words([]);
  const known = WORDS_OF[name];
  if (known !== undefined) return words(known);
  return { words: [], names: NAMES_HERE[`${id} ${name}`] ?? names ?? null, network };
}

const words = (list: readonly string[]): Candidates => ({ words: list, names: null, network: null });

/** The longest sequence of leading words that is a command or a topic. */
function commandPath(ids: readonly string[], typed: readonly string[]): readonly string[] {
  let length = 0;
  while (length < typed.length && ids.some((id) => `${id}:`.startsWith(`${typed.slice(0, length + 1).join(':')}:`))) {
    length += 1;
  }
  return typed.slice(0, length);
}

function nextWords(ids: readonly string[], path: readonly string[]): readonly string[] {
  const prefix = path.map((word) => `${word}:`).join('');
  const next = ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length).split(':')[0] ?? '');
  return [...new Set(next)].filter((word) => word !== '');
}

/** The flag whose value comes next. `--wait` has none: its value is written with `=`. */
function pendingFlag({ flags }: KnownCommand, word: string | undefined): string | null {
  const name = word?.startsWith('--') ? word.slice(2) : undefined;
  return name !== undefined && name !== 'wait' && flags[name]?.type === 'option' ? name : null;
}

function unusedFlags({ flags }: KnownCommand, typed: readonly string[]): readonly string[] {
  const isUsed = (name: string) => typed.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  return Object.entries(flags)
    .filter(([name, { multiple }]) => multiple === true || !isUsed(name))
    .map(([name]) => `--${name}`);
}

function positionals(command: KnownCommand, typed: readonly string[]): readonly string[] {
  return typed.filter((word, index) => !word.startsWith('-') && pendingFlag(command, typed[index - 1]) === null);
}

function networkOf(command: KnownCommand, typed: readonly string[]): string | null {
  const index = Object.keys(command.args).indexOf('network');
  return index < 0 ? null : (positionals(command, typed)[index] ?? null);
}
