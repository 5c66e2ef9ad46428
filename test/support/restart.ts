import type { RunningStack } from './stack.js';
import { waitFor } from './wait.js';

const BACK_WITHIN_MS = 30_000;

interface AgentSeen {
  readonly status: string;
}

/** Ends the agent in order, runs `meanwhile` while it is down, and resolves when its successor is in contact. */
export async function restartAgent(
  stack: RunningStack,
  agent: string,
  meanwhile: () => void | Promise<void> = () => {},
): Promise<void> {
  const name = `agent-${agent}`;
  const from = stack.log(name).length;
  await end(stack, name);
  await meanwhile();
  await waitFor(
    `${name} is in contact again`,
    () => stack.log(name).slice(from).includes('in contact with the control plane'),
    BACK_WITHIN_MS,
  );
}

/** Ends the control plane in order, and resolves when every agent is in contact with its successor. */
export async function restartControlPlane(stack: RunningStack): Promise<void> {
  await end(stack, 'control-plane');
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

async function end(stack: RunningStack, name: string): Promise<void> {
  const pid = stack.pid(name);
  process.kill(pid, 'SIGTERM');
  await waitFor(`${name} has ended`, () => !isRunning(pid));
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
