import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AgentProcess, staticAgent } from './agent-process.js';
import { CLONE } from './clone.js';

/** One file for each release whose stores and agents a later one has to upgrade. */
const STORES = join(CLONE, 'test/fixtures/stores');

/** The data of a release: a backup with its keys, and the state folders of its agents, base64 by file. */
export interface EarlierStore {
  readonly release: string;
  readonly backup: string;
  readonly agents: { readonly [name: string]: { readonly [file: string]: string } };
  /** The API's answers, by path: a later release may add members. */
  readonly shown: { readonly [path: string]: unknown };
}

/** The two hosts of such a store. Proxy addresses are in the agents' state, so the blocks stay what they were. */
export const STORE_HOSTS = {
  'host-a': { block: '127.98.1', sandbox: 'sbx-web', address: '127.98.1.11' },
  'host-b': { block: '127.98.2', sandbox: 'sbx-api', address: '127.98.2.12' },
} as const;

/** Their sandboxes, whose reachability the rules define. */
export const STORE_PORTS = { allowed: 8080, denied: 9090 } as const;

export function readStores(): readonly EarlierStore[] {
  return readdirSync(STORES).map((file) => JSON.parse(readFileSync(join(STORES, file), 'utf8')));
}

export function writeStore(store: EarlierStore): void {
  mkdirSync(STORES, { recursive: true });
  writeFileSync(join(STORES, `${store.release}.json`), `${JSON.stringify(store, null, 2)}\n`);
}

export function hostAgent(name: keyof typeof STORE_HOSTS, controlPlaneUrl: string, token?: string): AgentProcess {
  const { block, sandbox, address } = STORE_HOSTS[name];
  const agent = new AgentProcess(name, controlPlaneUrl, staticAgent(block));
  if (token !== undefined) writeFileSync(agent.tokenFile, token, { mode: 0o600 });
  agent.setSandboxes([{ id: sandbox, address }]);
  return agent;
}

export function readState(folder: string): EarlierStore['agents'][string] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name)).toString('base64')]));
}

export function writeState(folder: string, files: EarlierStore['agents'][string]): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, name), Buffer.from(text, 'base64'), { mode: 0o600 });
  }
}
