import { FlowRefusedError } from '#libs/mesh/flow.js';
import type { Flow } from './flow.js';
import type { FlowContext } from './flow-context.js';
import type { FlowTarget } from './judge.js';

/**
 * Evaluates a flow of this host and reaches its target with `reach`. If the target's agent has a newer version, does
 * both once more. Errors: FlowRefusedHereError, and those of `reach`.
 */
export async function reachTarget<T>(
  context: FlowContext,
  flow: Flow,
  reach: (target: FlowTarget, version: number) => Promise<T>,
  mayRepeat = true,
): Promise<T> {
  flow.target = null;
  const { target, verdict } = context.requireAllowed(flow);
  flow.target = target;
  try {
    return await context.withinConnectTimeout(flow, reach(target, verdict.version));
  } catch (error) {
    const targetVersion = error instanceof FlowRefusedError ? error.targetVersion : null;
    if (mayRepeat && targetVersion !== null && targetVersion > verdict.version && !flow.isDone()) {
      flow.target = null;
      if (await context.catchUp(flow, targetVersion)) return reachTarget(context, flow, reach, false);
    }
    throw error;
  }
}
