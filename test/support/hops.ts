import { registerHooks } from 'node:module';

/**
 * What each hop of the main path is taken away by: one place in one built file, changed while Node loads it. Used
 * by `--import hops.js?hop=<name>` in NODE_OPTIONS; the product knows nothing of it.
 */
export interface Hop {
  readonly file: RegExp;
  readonly from: string;
  readonly to: string;
}

export const HOPS: Readonly<Record<string, Hop>> = {
  'no event of a network': {
    file: /\/libs\/event-store\/batch\.js$/,
    from: 'of write.events)',
    to: "of write.streamId.startsWith('network-') ? [] : write.events)",
  },
  'no publish': {
    file: /\/apps\/control-plane\/topology\/delivery-lane\.js$/,
    from: 'await this.settings.send(value, abort.signal);',
    to: '',
  },
  'no DNS worker': {
    file: /\/libs\/data-plane\/dns\/worker\.js$/,
    from: 'zone: () => zone,',
    to: 'zone: () => indexZone(EMPTY_ZONE),',
  },
  'no listener': {
    file: /\/libs\/data-plane\/proxy\/listeners\.js$/,
    from: 'server: await this.#listen(route)',
    to: 'server: createServer()',
  },
  'no policy at the source': {
    file: /\/libs\/data-plane\/flows\/judge\.js$/,
    from: 'const verdict = evaluate(view, subject.question);',
    to: "const honest = evaluate(view, subject.question); const verdict = subject.from.kind === 'proxy' ? { ...honest, effect: 'allow', reason: 'ALLOWED' } : honest;",
  },
  'no policy at the target': {
    file: /\/libs\/data-plane\/flows\/judge\.js$/,
    from: 'const verdict = evaluate(view, subject.question);',
    to: "const honest = evaluate(view, subject.question); const verdict = subject.from.kind === 'peer' ? { ...honest, effect: 'allow', reason: 'ALLOWED' } : honest;",
  },
  'no mesh': {
    file: /\/libs\/mesh\/mesh-node\.js$/,
    from: 'if (closed || link === undefined)',
    to: 'if (true)',
  },
  'no acknowledgement': {
    file: /\/apps\/agent\/topology\/acknowledgements\.js$/,
    from: 'await this.ports.deliver(head, signal);',
    to: '',
  },
};

const disabled = new URL(import.meta.url).searchParams.get('hop');
if (disabled !== null) disable(disabled);

function disable(name: string): void {
  const hop = HOPS[name];
  if (hop === undefined) throw new Error(`there is no hop "${name}"`);
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!hop.file.test(url)) return loaded;
      const source = String(loaded.source ?? '');
      if (!source.includes(hop.from)) throw new Error(`hop "${name}": ${url} has no "${hop.from}" any more`);
      return { ...loaded, source: source.replace(hop.from, hop.to) };
    },
  });
}
