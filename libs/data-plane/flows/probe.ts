import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { FlowRefusedError, type FlowRequest, ProbeNotKnownError } from '#libs/mesh/flow.js';
import type { ProbeOutcome, ProbeQuestion } from '../data-plane.js';
import { TargetUnreachableError } from './dial.js';
import type { Flow } from './flow.js';
import { type FlowContext, FlowRefusedHereError } from './flow-context.js';
import { carrierOf, type FlowTarget } from './judge.js';
import { reachTarget } from './reach-target.js';

/** What would become of a flow of this host, up to the target's agent; `signal` ends the wait. Never rejects. */
export async function probe(context: FlowContext, question: ProbeQuestion, signal: AbortSignal): Promise<ProbeOutcome> {
  let ended: string | null = null;
  /** The target's agent, once it has been asked. */
  let asked: AgentId | null = null;
  const trial = context.trial({ ...question, flowId: context.settings.newFlowId(), peer: null }, (code) => {
    ended = code;
  });
  const giveUp = () => trial.finish('refused', 'CONNECT_TIMEOUT');
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    requireSource(context, trial, question);
    const { agentId, version } = await reachTarget(context, trial, async (target, version) => {
      asked = carrierOf(target) ?? context.settings.agentId;
      if (asked === null) throw new FlowRefusedHereError('NOT_ATTACHED');
      return { agentId: asked, version: await askTarget(context, trial, question, target, version) };
    });
    await context.catchUp(trial, version);
    if (trial.isDone()) throw new Error('given up');
    context.requireAllowed(trial);
    return { kind: 'taken', agentId, version };
  } catch (error) {
    return outcomeOf(error, ended, asked);
  } finally {
    signal.removeEventListener('abort', giveUp);
    trial.finish('ended', 'ENDED');
  }
}

/** The checks before the first decision; throws FlowRefusedHereError. */
function requireSource(context: FlowContext, trial: Flow, { source }: ProbeQuestion): void {
  if (trial.isDone()) throw new FlowRefusedHereError('CONNECT_TIMEOUT');
  if (source.kind === 'sandbox' && context.settings.sandboxes.addressOf(source.sandboxId) === null) {
    throw new FlowRefusedHereError('SOURCE_NOT_HERE');
  }
  if (context.isOverLimit(trial)) throw new FlowRefusedHereError('FLOW_LIMIT');
}

/** The version by which the agent that would dial has decided. A target on this host is not dialled. */
async function askTarget(
  context: FlowContext,
  trial: Flow,
  { networkId, alias, port, source }: ProbeQuestion,
  target: FlowTarget,
  version: number,
): Promise<number> {
  const { agentId } = context.settings;
  const mesh = context.settings.mesh();
  const peer = carrierOf(target);
  if (target.kind === 'outside' && peer === null) {
    context.requireDialOutside();
    return version;
  }
  if (target.kind === 'sandbox' && peer === agentId) {
    context.addressOf(target.sandboxId);
    return version;
  }
  if (mesh === null || peer === null)
    throw new TargetUnreachableError('MESH_NOT_CONFIGURED', 'this host is in no mesh');
  const request: FlowRequest = { flowId: trial.facts.flowId, networkId, alias, port, source, version };
  return mesh.probe(peer, request, trial.signal);
}

function outcomeOf(error: unknown, ended: string | null, asked: AgentId | null): ProbeOutcome {
  if (error instanceof FlowRefusedHereError || error instanceof TargetUnreachableError || asked === null) {
    return { kind: 'refused here', code: error instanceof CodedError ? error.code : (ended ?? 'PEER_UNREACHABLE') };
  }
  if (error instanceof FlowRefusedError) {
    const { code, message, targetVersion } = error;
    return { kind: 'refused there', agentId: asked, code, message, version: targetVersion };
  }
  if (error instanceof ProbeNotKnownError) return { kind: 'not known there', agentId: asked, remedy: error.remedy };
  if (ended === null && error instanceof CodedError) {
    const { code, message, remedy } = error;
    return { kind: 'unreachable', agentId: asked, code, message, remedy };
  }
  const message = ended === 'SHUTTING_DOWN' ? 'this host is shutting down' : 'no answer in time';
  return { kind: 'unreachable', agentId: asked, code: ended ?? 'PEER_UNREACHABLE', message, remedy: null };
}
