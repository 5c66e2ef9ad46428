import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cachedDataVersionTag } from 'node:v8';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { mapStacks } from './mapped-stacks.js';

/** By then a program has done whatever it does at each start. V8 forgets later what it does only once. */
const SAVED_AFTER_MS = 5_000;
const COMMAND = /^[a-z][a-z-]{0,30}$/;
const CHECKSUM_BYTES = 4;

/**
 * Runs `bundles/<program>.cjs` beside the starter `<program>.js`, with the code that V8 compiled for an earlier
 * process. Node's own compile cache has only what is compiled before the first function is called, a third of what a
 * start needs.
 *
 * `starter`: the path of the calling file. `digest` identifies the content of the bundle: V8 itself rejects the code of
 * another version of V8 or with other flags, but of the source it compares only the length. `kind`: what this process
 * does, if it ends by itself; processes of one kind run the same functions. null: it goes on, such as a server.
 */
export function runBundle(starter: string, digest: string, kind = firstWord(process.argv)): void {
  const folder = dirname(starter);
  const program = basename(starter, '.js');
  const file = join(folder, 'bundles', `${program}.cjs`);
  mapStacks(file);
  const name = [program, ...(kind === null ? [] : [kind]), digest, cachedDataVersionTag().toString(16)].join('-');
  const compiled = join(folder, 'compiled', name);
  // The bundle is ASCII. As Latin-1, V8 keeps one byte for each character.
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData: existing(compiled) });
  const require = createRequire(file);
  const module = { exports: {} };
  script.runInThisContext()(require, module, module.exports, {
    url: pathToFileURL(file).href,
    dirname: dirname(file),
    resolve: (specifier: string) => pathToFileURL(require.resolve(specifier)).href,
  });
  if (script.cachedDataRejected === false) return;
  saveOnce(script, compiled, kind !== null);
}

/** The name of a command. null: it is called with something else. */
function firstWord([, , first = '']: readonly string[]): string | null {
  return COMMAND.test(first) ? first : null;
}

/**
 * Returns undefined if there is no such file, or if it is damaged, as after a loss of power. V8 checks only its first
 * bytes, and a process that runs damaged code crashes at each start.
 */
function existing(file: string): Buffer | undefined {
  try {
    const saved = readFileSync(file);
    const code = saved.subarray(CHECKSUM_BYTES);
    return saved.readUInt32BE() === crc32(code) ? code : undefined;
  } catch {
    return undefined;
  }
}

function withChecksum(code: Buffer): Buffer {
  const checksum = Buffer.alloc(CHECKSUM_BYTES);
  checksum.writeUInt32BE(crc32(code));
  return Buffer.concat([checksum, code]);
}

/**
 * A command that ends by itself has done what it does each time. Any other process that ends early (by a signal, with
 * `--help`) has compiled too little for those that go on.
 */
function saveOnce(script: Script, file: string, isCommand: boolean): void {
  const save = (): void => {
    clearTimeout(timer);
    process.off('beforeExit', saveAtEnd);
    try {
      mkdirSync(dirname(file), { recursive: true });
      const unfinished = `${file}.${process.pid}`;
      writeFileSync(unfinished, withChecksum(script.createCachedData()));
      renameSync(unfinished, file);
    } catch {
      // The next process compiles again: an installed package belongs to root, and few programs run as root.
    }
  };
  const timer = setTimeout(save, SAVED_AFTER_MS).unref();
  const saveAtEnd = (code: number): void => {
    if (code === 0) save();
  };
  if (isCommand) process.on('beforeExit', saveAtEnd);
}
