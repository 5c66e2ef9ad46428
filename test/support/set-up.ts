import type { RunningStack } from './stack.js';

/** The alias and its ports, such as `api:8080` or `worker:80:9090`; null: none is published. */
export type Published = `${string}:${string}` | null;

/** A new network with these sandboxes, by id, applied by their agents. */
export async function makeNetwork(
  stack: RunningStack,
  network: string,
  sandboxes: Readonly<Record<string, Published>>,
): Promise<void> {
  await stack.json(['network', 'create', network]);
  for (const [sandbox, published] of Object.entries(sandboxes)) {
    const [alias = '', ...ports] = published?.split(':') ?? [];
    const flags = published === null ? [] : ['--alias', alias, '--port', ports.join(':')];
    await stack.json(['network', 'attach', network, sandbox, ...flags, '--wait']);
  }
}

/** Writes the rule and waits until it is applied. */
export async function allow(
  stack: RunningStack,
  network: string,
  from: string,
  to: string,
  port: number,
): Promise<void> {
  const rule = ['--from', from, '--to', to, '--port', String(port)];
  await stack.json(['network', 'policy', 'allow', network, ...rule, '--wait']);
}
