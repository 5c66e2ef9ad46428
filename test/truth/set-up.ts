import { fill } from './many-aliases.js';
import type { Write } from './model.js';
import { ALIASES, SANDBOXES } from './places.js';
import type { World } from './world.js';

const BOTH_PORTS = [7_000, 80];

/** Two networks at the start: one of all sandboxes, one of only host-b's, each with a few rules. */
const FIRST_WRITES: readonly Write[] = [
  { kind: 'create', network: 'dev' },
  ...SANDBOXES.map((sandbox): Write => {
    const alias = ALIASES.find((name) => sandbox === `sbx-${name}`) ?? 'db';
    return { kind: 'attach', network: 'dev', sandbox, publishes: { alias, ports: BOTH_PORTS } };
  }),
  { kind: 'create', network: 'stage' },
  { kind: 'attach', network: 'stage', sandbox: 'sbx-api', publishes: { alias: 'api', ports: BOTH_PORTS } },
  { kind: 'attach', network: 'stage', sandbox: 'sbx-bob', publishes: { alias: 'bob', ports: [7_000] } },
  ...[
    ['dev', 'web', 'api', 7_000],
    ['dev', 'web', 'api', 80],
    ['dev', 'api', 'web', 7_000],
    ['dev', 'bob', 'worker', 7_000],
    ['dev', 'any', 'ada', 7_000],
    ['dev', 'web', 'one.dev.example.com', 7_000],
    ['dev', 'any', '*.dev.example.com', 7_000],
    ['dev', 'web', 'exit.dev.example.net', 7_000],
    ['stage', 'bob', 'two.stage.example.com', 7_000],
    ['stage', 'api', 'bob', 7_000],
    ['stage', 'bob', 'api', 80],
  ].map(
    ([network, from, to, port]): Write => ({
      kind: 'add-rule',
      network: String(network),
      id: 'not answered',
      rule: { effect: 'allow', from: String(from), to: String(to), port: Number(port) },
    }),
  ),
];

export async function firstNetworks(world: World): Promise<void> {
  for (const write of FIRST_WRITES) {
    const { text } = await world.write(write, { waits: false, waitSeconds: 0, byCommand: false });
    requireDone(world, text);
  }
  for (const text of await fill(world)) requireDone(world, text);
}

function requireDone(world: World, text: string): void {
  if (!world.isCertain || /refused|unsent/.test(text)) throw new Error(`set-up: ${text}`);
}
