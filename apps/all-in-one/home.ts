import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolders } from '#libs/program/folder-owner.js';

/** The paths in the home folder; each folder is made when the home is opened. */
export interface Home {
  readonly folder: string;
  readonly run: string;
  readonly logs: string;
  readonly keys: string;
  readonly postgres: string;
  readonly nats: string;
  readonly agentState: (agent: string) => string;
  readonly sandboxFile: (agent: string) => string;
  readonly file: (name: string) => string;
}

const OWNER_ONLY = 0o700;

export function openHome(folder: string): Home {
  const under = (...parts: string[]): string => join(folder, ...parts);
  // If the stack runs as root, Postgres runs as another user that has to reach its data folder.
  makeFolders(folder, 0o711);
  for (const name of ['run', 'logs', 'sandboxes', 'nats', 'agents']) mkdirSync(under(name), { recursive: true });
  mkdirSync(under('keys'), { recursive: true, mode: OWNER_ONLY });
  chmodSync(under('keys'), OWNER_ONLY);
  return {
    folder,
    run: under('run'),
    logs: under('logs'),
    keys: under('keys'),
    postgres: under('postgres'),
    nats: under('nats'),
    agentState: (agent) => under('agents', agent),
    sandboxFile: (agent) => under('sandboxes', `${agent}.yaml`),
    file: (name) => under(name),
  };
}

/** The file's JSON; null: there is no file, or it is not JSON. */
export function readJson(path: string): unknown {
  if (!existsSync(path)) return null;
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}
