import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '@oclif/core/command';
import { Config } from '@oclif/core/config';
import type { PJSON, Plugin } from '@oclif/core/interfaces';

/**
 * What oclif knows of the commands, from package.json and oclif.manifest.json in `root`. oclif's own way looks for
 * packages and files around them, and sorts by the rules of the user's language, which takes 27 ms of CPU to load.
 */
export function loadConfig(root: string): Promise<Config> {
  const pjson: PJSON = readJson(join(root, 'package.json'));
  const { commands }: { readonly commands: Readonly<Record<string, Command.Cached>> } = readJson(
    join(root, 'oclif.manifest.json'),
  );
  const plugin: Plugin = {
    ...{ root, pjson, name: pjson.name, alias: pjson.name, version: pjson.version },
    ...{ _base: '', type: 'core', moduleType: 'module', isRoot: true, valid: true, hasManifest: true },
    ...{ options: { root }, hooks: {}, commandsDir: undefined },
    commandIDs: Object.keys(commands),
    commands: Object.entries(commands).map(([id, command]) => ({ ...command, load: () => loadCommand(id) })),
    topics: Object.entries(pjson.oclif.topics ?? {}).map(([name, topic]) => ({ ...topic, name })),
    findCommand: loadCommand,
    load: async () => {},
  };
  return Config.load({ root, pjson, plugins: new Map([[plugin.name, plugin]]) });
}

/** The class of a command. Its path is its name, which the bundle of the command line knows for every command. */
async function loadCommand(id: string): Promise<Command.Class> {
  const { default: command }: { default: Command.Class } = await import(`./commands/${id.replaceAll(':', '/')}.js`);
  return Object.assign(command, { id });
}

const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
