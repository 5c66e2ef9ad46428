/** The places of the truth test: two hosts, and the sandboxes of each agent. */
export const HOSTS = ['host-a', 'host-b'] as const;
export type Host = (typeof HOSTS)[number];

/** The first three are the stack's own samples; the truth test adds the others. */
export const SANDBOXES = ['sbx-web', 'sbx-api', 'sbx-worker', 'sbx-ada', 'sbx-bob'] as const;
export type Sandbox = (typeof SANDBOXES)[number];

export const HOST_OF: { readonly [sandbox in Sandbox]: Host } = {
  'sbx-web': 'host-a',
  'sbx-ada': 'host-a',
  'sbx-api': 'host-b',
  'sbx-worker': 'host-b',
  'sbx-bob': 'host-b',
};

export const NETWORKS = ['dev', 'stage', 'lab'] as const;
export const ALIASES = ['web', 'ada', 'api', 'worker', 'bob', 'db'] as const;

/** The port of aliases that are published many at once. */
export const FILLED_PORT = 7_000;

/** Names outside in the rules of one network: no other network may allow a sandbox the same name. */
export function outsideNames(network: string): readonly string[] {
  return [`one.${network}.example.com`, `two.${network}.example.com`, `exit.${network}.example.net`];
}

/** The exit in every rule about the name outside; null: the sandbox's own agent. */
export function exitOf(name: string): Host | null {
  return name.endsWith('.example.net') ? 'host-b' : null;
}

/** The port on which all names outside are served. */
export const OUTSIDE_PORT = 7_000;

/** Values of the label `team`. */
export const TEAMS = ['blue', 'green'] as const;

/** Ports that every sandbox serves, and how an alias may publish them. */
export const SERVED_PORTS = [7_000, 7_001] as const;
export const PUBLISHED: readonly { readonly published: number; readonly target: number }[] = [
  { published: 7_000, target: 7_000 },
  { published: 80, target: 7_001 },
];

export const PROCESSES = ['postgres', 'nats', 'control-plane', 'agent-host-a', 'agent-host-b'] as const;
export type Process = (typeof PROCESSES)[number];

export function isSandbox(text: string): text is Sandbox {
  return SANDBOXES.some((sandbox) => sandbox === text);
}
