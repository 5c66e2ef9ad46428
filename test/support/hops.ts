import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

/**
 * How each hop of the main path is removed: one place in one built file, changed while Node loads it. Used by `--import
 * hops.js?file=<file>` in NODE_OPTIONS: a process that starts while the file names a hop lacks that hop. The product
 * does not know about it.
 */
export interface Hop {
  /** The process that does its work, and has to restart to lack it. */
  readonly of: 'control plane' | 'agents';
  /** In dist. */
  readonly file: string;
  /** The replaced text, and its replacement. */
  readonly changes: readonly (readonly [string, string])[];
  /** The resulting failure of the main path. */
  readonly failsWith: RegExp;
}

/** What is run instead of a program in dist/programs: the input of its bundle, where a hop's file is still separate. */
const UNBUNDLED: Readonly<Record<string, string>> = {
  'control-plane': 'apps/control-plane/main.js',
  agent: 'apps/agent/main.js',
  'dns-worker': 'libs/data-plane/dns/worker.js',
};
const PROGRAM = /^(.*\/dist\/)programs\/([\w-]+)\.js$/;

/** The hop that differs between transports. */
export const NO_MESH = 'no mesh';

export const HOPS: Readonly<Record<string, Hop>> = {
  'no event of a network': {
    of: 'control plane',
    file: 'libs/event-store/batch.js',
    changes: [['of write.events)', "of write.streamId.startsWith('network-') ? [] : write.events)"]],
    failsWith: /NETWORK_NOT_FOUND/,
  },
  'no publish': {
    of: 'control plane',
    file: 'apps/control-plane/delivery/delivery-lane.js',
    changes: [['await this.settings.send(value, abort.signal);', '']],
    failsWith: /exit 5, not 0[\s\S]*"confirmed": 0/,
  },
  'no DNS worker': {
    of: 'agents',
    file: 'libs/data-plane/dns/worker.js',
    changes: [['zone: () => zone,', 'zone: () => indexZone(EMPTY_ZONE, seed),']],
    failsWith: /Resolving timed out/,
  },
  'no listener': {
    of: 'agents',
    file: 'libs/data-plane/proxy/listeners.js',
    changes: [['server: await this.listen(route)', 'server: createServer()']],
    failsWith: /to match .*reset by peer/,
  },
  'no policy at the source': {
    of: 'agents',
    file: 'libs/data-plane/flows/judge.js',
    changes: [
      [
        'const verdict = evaluate(view, question, nowMs);',
        "const honest = evaluate(view, question, nowMs); const verdict = subject.from.kind === 'proxy' ? { ...honest, effect: 'allow', reason: 'ALLOWED' } : honest;",
      ],
    ],
    failsWith: /the source refuses by itself/,
  },
  'no policy at the target': {
    of: 'agents',
    file: 'libs/data-plane/flows/judge.js',
    changes: [
      [
        'const verdict = evaluate(view, question, nowMs);',
        "const honest = evaluate(view, question, nowMs); const verdict = subject.from.kind === 'peer' ? { ...honest, effect: 'allow', reason: 'ALLOWED' } : honest;",
      ],
    ],
    failsWith: /the target refuses by itself/,
  },
  [NO_MESH]: {
    of: 'agents',
    file: 'libs/mesh/mesh-member.js',
    changes: [['if (closed || link === undefined)', 'if (true)']],
    failsWith: /reset by peer[\s\S]*expected '' to equal/,
  },
  'no acknowledgement': {
    of: 'agents',
    file: 'libs/member/acknowledgements.js',
    changes: [
      ['await this.ports.deliver(head, signal);', ''],
      // Heartbeats repeat the last acknowledgement, so losing one costs only time.
      ['latest() {', 'latest() { return [];'],
    ],
    failsWith: /exit 5, not 0[\s\S]*"confirmed": 0/,
  },
};

const file = new URL(import.meta.url).searchParams.get('file');
if (file !== null && existsSync(file)) disable(readFileSync(file, 'utf8'));

function disable(name: string): void {
  const hop = HOPS[name];
  if (hop === undefined) throw new Error(`there is no hop "${name}"`);
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const [, dist = '', program = ''] = PROGRAM.exec(specifier) ?? [];
      const file = UNBUNDLED[program];
      return nextResolve(file === undefined ? specifier : `${dist}${file}`, context);
    },
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/${hop.file}`)) return loaded;
      const source = String(loaded.source ?? '');
      return { ...loaded, source: hop.changes.reduce((text, [from, to]) => replaced(text, from, to, url), source) };
    },
  });
}

function replaced(text: string, from: string, to: string, url: string): string {
  if (!text.includes(from)) throw new Error(`${url} has no "${from}" any more`);
  return text.replace(from, to);
}
