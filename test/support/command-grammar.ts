import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareArgv, splitAtDashes } from '#apps/cli/argv.js';
import { CLONE } from './clone.js';
import { SAMPLES } from './command-samples.js';

interface Flag {
  readonly type: 'boolean' | 'option';
  readonly required?: boolean;
  /** Its short form: `f` for `-f`. */
  readonly char?: string;
}

interface Command {
  readonly args: Readonly<Record<string, { readonly required?: boolean }>>;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Not strict: it takes any number of arguments. */
  readonly strict?: boolean;
}

const { commands } = JSON.parse(readFileSync(join(CLONE, 'oclif.manifest.json'), 'utf8')) as {
  readonly commands: Readonly<Record<string, Command>>;
};

/** Every command of gstacks, such as `network list`. */
export const COMMANDS: readonly string[] = Object.keys(commands).map((id) => id.replaceAll(':', ' '));

/** Without a known control plane one has to be named. */
const NEEDED_HERE: Readonly<Record<string, readonly string[]>> = { login: ['url'] };

/** The words of `gstacks ...` as a shell passes them: placeholders filled, `<`, `>` and pipes removed. */
export function wordsOf(typed: string): readonly string[] {
  const filled = typed.replaceAll(/<[a-z][a-z -]*>/g, (placeholder) => SAMPLES[placeholder] ?? placeholder);
  return filled
    .replace(/ [<>] \S+$| \| .*$/, '')
    .split(' ')
    .slice(1);
}

/** The error of a command line according to the manifest; null: none. */
export function faultOf(typed: string): string | null {
  const words = wordsOf(typed);
  const blank = words.find((word) => /[<>{}]/.test(word));
  if (blank !== undefined) return `no sample is known for ${blank}`;
  const { ours, theirs } = splitAtDashes(prepareArgv(words));
  const length = ours.findLastIndex((_, place) => commands[ours.slice(0, place + 1).join(':')] !== undefined) + 1;
  const id = ours.slice(0, length).join(':');
  const command = commands[id];
  if (command === undefined) return 'there is no such command';
  if (ours.includes('--help')) return null;
  const { flags, args, fault } = parsed(ours.slice(length), command);
  if (fault !== null) return fault;
  const needed = Object.entries(command.flags).flatMap(([name, flag]) => (flag.required === true ? [name] : []));
  const missing = [...needed, ...(NEEDED_HERE[id] ?? [])].find((name) => !flags.has(name));
  if (missing !== undefined) return `--${missing} is missing`;
  const places = Object.values(command.args);
  if (args < places.filter(({ required }) => required === true).length) return 'an argument is missing';
  if (args > places.length && command.strict !== false) return 'an argument too many';
  if (id === 'sandbox:exec' && theirs.length === 0) return 'a command after -- is missing';
  return null;
}

function nameOfShort(char: string, { flags }: Command): string | undefined {
  return Object.entries(flags).find(([, flag]) => flag.char === char)?.[0];
}

function parsed(words: readonly string[], command: Command) {
  const flags = new Set<string>();
  let args = 0;
  for (let place = 0; place < words.length; place += 1) {
    const word = words[place] ?? '';
    const [, long, value] = /^--([a-z-]+)(=.*)?$/.exec(word) ?? [];
    const [, char] = /^-([a-z])$/.exec(word) ?? [];
    const name = char === undefined ? long : (nameOfShort(char, command) ?? char);
    if (name === undefined) {
      args += 1;
      continue;
    }
    const flag = command.flags[name];
    if (flag === undefined) return { flags, args, fault: `there is no flag ${word}` };
    flags.add(name);
    if (flag.type === 'boolean' || value !== undefined) continue;
    place += 1;
    if (words[place] === undefined || words[place]?.startsWith('--')) {
      return { flags, args, fault: `${word} has no value` };
    }
  }
  return { flags, args, fault: null };
}
