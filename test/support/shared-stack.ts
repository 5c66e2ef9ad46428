import { randomInt } from 'node:crypto';
import { after, before } from 'mocha';
import { type RunningStack, type StackOptions, startStack } from './stack.js';
import type { MeshKind } from './stack-mesh.js';

type Sandboxes = Extract<StackOptions['sandboxes'], 'static' | 'netns'>;

/**
 * The resolver for agents of shared stacks, instead of this machine's. Nothing listens there unless a test plays it
 * (`playNames`).
 */
export const OUTSIDE_RESOLVER = `127.${randomInt(150, 250)}.${randomInt(1, 250)}.53:5353`;
const ENVIRONMENT = {
  GLOBALSTACKS_LOG_LEVEL: 'info',
  GLOBALSTACKS_AGENT_EGRESS: 'listed',
  GLOBALSTACKS_AGENT_DNS_UPSTREAMS: OUTSIDE_RESOLVER,
};

interface Shared {
  /** The number of groups of tests that have yet to run on it. */
  users: number;
  stack: RunningStack | null;
}

const shared = new Map<string, Shared>();

/**
 * One stack for every group of tests that requests it: for tests that remove nothing from the stack. Each group finds
 * it without a network and without a local node. Call it in the group; its result can be used once tests run.
 */
export function sharedStack(sandboxes: Sandboxes, mesh: MeshKind): () => RunningStack {
  const key = `${sandboxes} ${mesh}`;
  const entry = shared.get(key) ?? { users: 0, stack: null };
  shared.set(key, entry);
  entry.users += 1;

  before(`a stack with ${sandboxes} sandboxes over ${mesh}`, async function () {
    this.timeout(150_000);
    await Promise.all([...shared.values()].filter(({ users }) => users === 0).map(remove));
    if (entry.stack !== null) await empty(entry);
    entry.stack ??= await startStack({ sandboxes, mesh, env: ENVIRONMENT });
  });
  // The group's own hooks still need the stack, so the next group removes it.
  after(() => {
    entry.users -= 1;
  });
  return () => {
    if (entry.stack === null) throw new Error(`the stack with ${key} has not started`);
    return entry.stack;
  };
}

// Groups that a filter skipped have not reported that they are done.
after('no shared stack is left', async function () {
  this.timeout(60_000);
  await Promise.all([...shared.values()].map(remove));
});

async function remove(entry: Shared): Promise<void> {
  const { stack } = entry;
  entry.stack = null;
  await stack?.remove();
}

/**
 * If the leftovers of the group before cannot be removed, that is its fault; the next group begins with a new stack.
 */
async function empty(entry: Shared): Promise<void> {
  const { stack } = entry;
  if (stack === null) return;
  try {
    const { items } = (await stack.json(['network', 'list'])) as { readonly items: readonly { name: string }[] };
    for (const { name } of items) {
      await stack.gstacks('mesh', 'leave', name);
      await stack.json(['network', 'delete', name, '--detach-all', '--yes', '--wait']);
    }
  } catch (error) {
    await remove(entry);
    throw error;
  }
}
