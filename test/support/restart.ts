import type { RunningStack } from './stack.js';
import { waitFor } from './wait.js';

const BACK_WITHIN_MS = 30_000;

interface AgentSeen {
  readonly status: string;
}

/**
 * Ends the agent by a signal, runs `meanwhile` while it is down, and resolves when its successor is in contact.
 */
export async function restartAgent(
  stack: RunningStack,
  agent: string,
  meanwhile: () => void | Promise<void> = () => {},
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> {
  const name = `agent-${agent}`;
  const from = stack.log(name).length;
  await end(stack, name, signal);
  await meanwhile();
  await waitFor(
    `${name} is in contact again`,
    () => stack.log(name).slice(from).includes('in contact with the control plane'),
    BACK_WITHIN_MS,
  );
}

/** Ends the control plane by a signal, and resolves when every agent is in contact with its successor. */
export async function restartControlPlane(stack: RunningStack, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  await end(stack, 'control-plane', signal);
  await waitFor(
    'the control plane answers, and its agents are in contact',
    async () => {
      const answer = await fetch(`${stack.url}/v1/agents`, {
        headers: { authorization: `Bearer ${stack.token}` },
      }).catch(() => null);
      if (answer?.ok !== true) return false;
      const { items } = (await answer.json()) as { readonly items: readonly AgentSeen[] };
      return items.length > 0 && items.every(({ status }) => status === 'ONLINE');
    },
    BACK_WITHIN_MS,
  );
}

async function end(stack: RunningStack, name: string, signal: NodeJS.Signals): Promise<void> {
  const pid = stack.pid(name);
  process.kill(pid, signal);
  await waitFor(`${name} has ended`, () => !isRunning(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
