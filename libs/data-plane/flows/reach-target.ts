import { FlowRefusedError } from '#libs/mesh/flow.js';
import type { Flow } from './flow.js';
import type { FlowHost } from './host.js';
import type { FlowTarget } from './judge.js';

/**
 * Evaluates a flow of this host's own and reaches its target, as `reach` does; once more from the start when the
 * target's agent knew better. Errors: FlowRefusedHereError, and those of `reach`.
 */
export async function reachTarget<T>(
  host: FlowHost,
  flow: Flow,
  reach: (target: FlowTarget, version: number) => Promise<T>,
  mayRepeat = true,
): Promise<T> {
  flow.target = null;
  const { target, verdict } = host.requireAllowed(flow);
  flow.target = target;
  try {
    return await host.withinConnectTimeout(flow, reach(target, verdict.version));
  } catch (error) {
    const targetVersion = error instanceof FlowRefusedError ? error.targetVersion : null;
    if (mayRepeat && targetVersion !== null && targetVersion > verdict.version && !flow.isDone()) {
      flow.target = null;
      if (await host.catchUp(flow, targetVersion)) return reachTarget(host, flow, reach, false);
    }
    throw error;
  }
}
