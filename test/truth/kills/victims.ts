import { backgroundPid } from '#test/support/background-node.js';
import { childrenOf as programsOf, textOf } from '#test/support/child-processes.js';
import type { RunningStack } from '#test/support/stack.js';
import type { Random } from '../random.js';
import { childrenOf } from '../signals.js';

/** Connections that stay open over all kills. */
export const FLOWS = ['same host', 'across hosts', 'local node'] as const;
export type Flow = (typeof FLOWS)[number];

export const SIGNALS = ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const;
export type KillSignal = (typeof SIGNALS)[number];

/** One kind of process of a stack with a local node. */
export interface Victim {
  readonly name: string;
  /** Processes that get the signal; the successor of the first is awaited. Empty: none runs now. */
  readonly pids: (stack: RunningStack, signal: KillSignal, random: Random) => Promise<readonly number[]>;
  /** Flows that pass through it. All other flows have to stay open. */
  readonly carries: readonly Flow[];
  /** Who restarts it after its end. */
  readonly revivedBy: 'its parent' | 'npm start' | 'mesh join';
  /** Whether traffic continues while it is stopped. */
  readonly trafficGoesOn: boolean;
}

const supervised = (name: string, more: Partial<Victim> = {}): Victim => ({
  name,
  pids: async (stack) => pidOf(stack, name),
  carries: [],
  revivedBy: 'its parent',
  trafficGoesOn: true,
  ...more,
});

/** Of every stack with samples, whatever its mesh. */
export const VICTIMS: readonly Victim[] = [
  supervised('postgres', {
    // It is stopped as a whole: if only the parent is stopped, its children still do its work.
    pids: async (stack, signal) => {
      const [pid] = pidOf(stack, 'postgres');
      if (pid === undefined) return [];
      return signal === 'SIGSTOP' ? [pid, ...childrenOf(pid)] : [pid];
    },
  }),
  supervised('postgres-backend', {
    pids: async (stack, signal, random) => {
      const [pid] = pidOf(stack, 'postgres');
      // SIGTERM does not end some of the server's helpers, but it ends connections.
      const backends = (pid === undefined ? [] : childrenOf(pid)).filter(
        (child) => signal !== 'SIGTERM' || textOf(child, 'cmdline').includes('127.0.0.1('),
      );
      return backends.length === 0 ? [] : [random.pick(backends)];
    },
  }),
  supervised('nats'),
  supervised('control-plane'),
  supervised('agent-host-a', { carries: ['across hosts'], trafficGoesOn: false }),
  supervised('agent-host-b', { carries: FLOWS, trafficGoesOn: false }),
  // The flows of this test are served by other processes in the same sandboxes.
  supervised('sbx-web'),
  supervised('sbx-api'),
  supervised('sbx-worker'),
  supervised('all-in-one', { carries: FLOWS, revivedBy: 'npm start' }),
  {
    name: 'local-node',
    pids: async (stack) => [await backgroundPid(stack)],
    carries: ['local node'],
    revivedBy: 'mesh join',
    trafficGoesOn: false,
  },
];

/** Additional victims with a mesh over tsnet. */
export const TSNET_VICTIMS: readonly Victim[] = [
  meshNodeOf('agent-host-a', ['across hosts']),
  meshNodeOf('agent-host-b', ['across hosts', 'local node']),
  meshNodeOf('local-node', ['local node']),
];

function meshNodeOf(parent: string, carries: readonly Flow[]): Victim {
  return {
    name: `mesh-node of ${parent}`,
    pids: async (stack) => {
      const [pid] = parent === 'local-node' ? [await backgroundPid(stack)] : pidOf(stack, parent);
      return pid === undefined ? [] : programsOf(pid, 'mesh-node');
    },
    carries,
    revivedBy: 'its parent',
    trafficGoesOn: false,
  };
}

/** According to the pid file; there is none during a restart. */
function pidOf(stack: RunningStack, name: string): readonly number[] {
  try {
    return [stack.pid(name)];
  } catch {
    return [];
  }
}
