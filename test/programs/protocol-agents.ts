import { ProtocolAgent } from '#test/support/protocol-agent.js';

/** Runs many agents of `test/support/protocol-agent.ts`, as test/support/agent-crowd.ts tells it to. */

export type CrowdCommand =
  | { readonly kind: 'enrol'; readonly url: string; readonly adminToken: string; readonly names: readonly string[] }
  | { readonly kind: 'connect' }
  | { readonly kind: 'disconnect' }
  /** What they hold, and what they count from now on. */
  | { readonly kind: 'forget' }
  | { readonly kind: 'state' };

export interface CrowdState {
  /** Agents and networks: each version that is held, so many times. */
  readonly held: { readonly [networkAndVersion: string]: number };
  readonly topologies: number;
  readonly answered: number;
  /** JSON of the last messages of one agent, and the lengths of its networks' snapshots. */
  readonly exchange: {
    readonly topology: string;
    readonly reply: string;
    readonly applied: string;
    readonly receipt: string;
    readonly whole: readonly number[];
  };
}

const AT_ONCE = 16;
let agents: readonly ProtocolAgent[] = [];

async function carryOut(command: CrowdCommand): Promise<CrowdState | null> {
  switch (command.kind) {
    case 'enrol': {
      const { url, adminToken, names } = command;
      const enrolled: ProtocolAgent[] = [];
      for (let first = 0; first < names.length; first += AT_ONCE) {
        const part = names.slice(first, first + AT_ONCE);
        enrolled.push(...(await Promise.all(part.map((name) => ProtocolAgent.enroll(url, adminToken, name)))));
      }
      agents = [...agents, ...enrolled];
      return null;
    }
    case 'connect':
      await Promise.all(agents.filter(({ isConnected }) => !isConnected).map((agent) => agent.connect()));
      return null;
    case 'disconnect':
      await Promise.all(agents.map((agent) => agent.disconnect()));
      return null;
    case 'forget':
      for (const agent of agents) agent.forget();
      return null;
    case 'state':
      return state();
  }
}

function state(): CrowdState {
  const held: Record<string, number> = {};
  for (const agent of agents) {
    for (const { snapshot } of agent.versions) {
      const key = `${snapshot.networkId} ${snapshot.version}`;
      held[key] = (held[key] ?? 0) + 1;
    }
  }
  const sum = (of: (agent: ProtocolAgent) => number) => agents.reduce((total, agent) => total + of(agent), 0);
  const agent = agents.find(({ exchange: { applied } }) => applied !== null);
  const exchange = agent?.exchange;
  return {
    held,
    topologies: sum(({ topologies }) => topologies),
    answered: sum(({ answered }) => answered),
    exchange: {
      topology: JSON.stringify(exchange?.topology ?? null),
      reply: JSON.stringify(exchange?.reply ?? null),
      applied: JSON.stringify(exchange?.applied ?? null),
      receipt: JSON.stringify(exchange?.receipt ?? null),
      whole: agent?.versions.map(({ snapshot }) => JSON.stringify(snapshot).length) ?? [],
    },
  };
}

process.on('message', (command: CrowdCommand) => {
  carryOut(command).then(
    (done) => process.send?.({ state: done }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit());
