import { setTimeout as pause } from 'node:timers/promises';
import { callApi } from '#test/integration/control-plane/api.js';
import { NetworkFollower } from './network-follower.js';
import { waitFor } from './wait.js';

export interface BusyNetworks {
  readonly url: string;
  readonly token: string;
  /** Networks with an attached sandbox that publishes `api` on 8080; changes go to them in turn. */
  readonly networks: readonly string[];
  readonly readers: number;
  readonly changesPerSecond: number;
  readonly seconds: number;
  /** At the start, and about each second. */
  readonly eachSecond?: () => void;
}

export interface BusyReport {
  readonly changes: number;
  readonly seconds: number;
  /** From sending a change to its answer. */
  readonly p99Ms: number;
  /** From the last change's answer until every reader had the right state. */
  readonly settledMs: number;
  readonly told: number;
}

const SETTLED_WITHIN_MS = 30_000;

/**
 * Writes changes at a steady rate while many read the stream of events; fails unless every reader ends with the right
 * state.
 */
export async function followBusyNetworks(busy: BusyNetworks): Promise<BusyReport> {
  const { url, token, networks } = busy;
  const readers = await Promise.all(Array.from({ length: busy.readers }, () => NetworkFollower.open(url, token)));
  try {
    for (const [network, { version }] of await statesOf(busy)) for (const each of readers) each.begin(network, version);
    const began = performance.now();
    const took = await writeSteadily(busy, began);
    const written = performance.now();
    const truth = async (): Promise<readonly (readonly [string, string])[]> =>
      [...(await statesOf(busy))].map(([network, { version, status }]) => [
        network,
        `${version}, ${status} at ${version}`,
      ]);
    const trueStates = await waitFor(
      'every agent has applied every change',
      async () => {
        const states = await truth();
        return states.every(([, state]) => state.includes('SYNCED')) && states;
      },
      SETTLED_WITHIN_MS,
    );
    const wrong = (): readonly string[] =>
      readers.flatMap((reader, index) =>
        trueStates
          .filter(([network, state]) => reader.says(network) !== state)
          .map(([network, state]) => `reader ${index}, ${network}: ${reader.says(network)}, not ${state}`),
      );
    await waitFor('every reader knows the true state', () => wrong().length === 0, SETTLED_WITHIN_MS).catch((error) => {
      throw new Error(`${String(error)}\n${wrong().slice(0, 10).join('\n')}`);
    });
    const settledMs = performance.now() - written;
    const gaps = readers.flatMap((reader) => [...reader.gaps, ...(reader.isEnded ? ['its stream was ended'] : [])]);
    if (gaps.length > 0) throw new Error(`readers were not told all in order:\n${gaps.slice(0, 10).join('\n')}`);
    return {
      ...{ changes: took.length, seconds: (written - began) / 1_000, settledMs },
      p99Ms: took.sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN,
      told: readers.reduce((sum, { told }) => sum + told, 0),
    };
  } finally {
    for (const reader of readers) reader.close();
  }

  async function statesOf(of: BusyNetworks) {
    const { body } = await call(of, 'GET', '/v1/networks?limit=500');
    const items = body.items as readonly { readonly name: string; readonly version: number; readonly status: string }[];
    return new Map(items.filter(({ name }) => networks.includes(name)).map((item) => [item.name, item]));
  }
}

async function call({ url, token }: BusyNetworks, method: string, path: string, body?: object) {
  const answer = await callApi(url, method, path, body, { authorization: `Bearer ${token}` });
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.text}`);
  return answer;
}

/** Adds a rule to each network in turn and removes the one before; returns how long each change took. */
async function writeSteadily(busy: BusyNetworks, began: number): Promise<number[]> {
  const everyMs = 1_000 / busy.changesPerSecond;
  const changes = busy.changesPerSecond * busy.seconds;
  const rules = new Map<string, string>();
  const running = new Set<Promise<void>>();
  const took: number[] = [];
  const change = async (index: number): Promise<void> => {
    const network = busy.networks[index % busy.networks.length] ?? '';
    const ruleId = rules.get(network);
    const sent = performance.now();
    if (ruleId === undefined) {
      const rule = { effect: 'allow', from: 'any', to: 'api', port: 8080 };
      const { body } = await call(busy, 'POST', `/v1/networks/${network}/rules`, rule);
      rules.set(network, (body.result as { readonly id: string }).id);
    } else {
      rules.delete(network);
      await call(busy, 'DELETE', `/v1/networks/${network}/rules/${ruleId}`);
    }
    took.push(performance.now() - sent);
  };
  const last = new Map<string, Promise<void>>();
  for (let index = 0; index < changes; index += 1) {
    if (index % busy.changesPerSecond === 0) busy.eachSecond?.();
    const dueMs = began + index * everyMs - performance.now();
    if (dueMs > 0) await pause(dueMs);
    // Changes of a network run one after the other, because the next one needs this one's rule.
    const network = index % busy.networks.length;
    const previous = last.get(String(network)) ?? Promise.resolve();
    const next = previous.then(() => change(index));
    last.set(String(network), next);
    running.add(next);
    void next.finally(() => running.delete(next)).catch(() => {});
  }
  await Promise.all(running);
  busy.eachSecond?.();
  return took;
}
