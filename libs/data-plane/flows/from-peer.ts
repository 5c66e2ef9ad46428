import type { Incoming, IncomingFlow, IncomingProbe } from '#libs/mesh/flow.js';
import { TargetUnreachableError } from './dial.js';
import type { Flow, FlowFacts } from './flow.js';
import { explainCode, type FlowCode } from './flow-code.js';
import type { FlowContext } from './flow-context.js';
import { MeshEnd, type SocketEnd } from './flow-end.js';
import type { FlowTarget } from './judge.js';

/** Takes a peer's flow to a sandbox of this host, or to a name outside for which this host is the exit. */
export function acceptPeer(context: FlowContext, incoming: IncomingFlow): void {
  const isTaken = context.table.hasPeerFlow(incoming.request.flowId);
  const flow = context.register(factsOf(incoming));
  if (isTaken) {
    refuseOverMesh(context, flow, incoming, incoming.refuseUntried);
    flow.finish('refused', 'FLOW_ID_TAKEN');
  } else void openFromPeer(context, flow, incoming);
}

/** Evaluates, dials, evaluates again, answers, passes bytes. */
async function openFromPeer(context: FlowContext, flow: Flow, incoming: IncomingFlow): Promise<void> {
  const first = await admit(context, flow, incoming);
  if (first === null) return;
  let target: SocketEnd;
  try {
    target = await context.withinConnectTimeout(flow, dialFor(context, flow, first.target));
  } catch (error) {
    return flow.finish('refused', codeOf(error));
  }
  if (flow.isDone()) return;
  const second = context.judge(flow);
  if (!second.allowed) return flow.finish('refused', second.code);

  first.answered();
  const source = new MeshEnd(incoming.accept(second.verdict.version));
  flow.own(source, 'PEER_RESET');
  flow.open(source, target);
}

function dialFor(context: FlowContext, flow: Flow, target: FlowTarget): Promise<SocketEnd> {
  return target.kind === 'sandbox' ? context.dialSandbox(flow, target) : context.dialOutside(flow, target);
}

/** Answers what a peer's flow would get, up to the dial: the target does not notice a probe. */
export async function answerProbe(context: FlowContext, incoming: IncomingProbe): Promise<void> {
  const trial = context.trial(factsOf(incoming), () => {});
  const admitted = await admit(context, trial, incoming);
  if (admitted === null) return;
  try {
    if (admitted.target.kind === 'sandbox') context.addressOf(admitted.target.sandboxId);
    else context.requireDialOutside();
  } catch (error) {
    return trial.finish('refused', codeOf(error));
  }
  admitted.answered();
  incoming.confirm(admitted.version);
  trial.finish('ended', 'ENDED');
}

function factsOf({ request, peer }: Incoming): Omit<FlowFacts, 'openedAtMs'> {
  const { flowId, networkId, alias, port, source } = request;
  return { flowId, networkId, alias, port, source, peer };
}

function codeOf(error: unknown): FlowCode {
  return error instanceof TargetUnreachableError ? error.code : 'TARGET_UNREACHABLE';
}

interface Admitted {
  readonly target: FlowTarget;
  readonly version: number;
  /** Called right before the answer: from then on the flow resets the peer's stream instead of refusing it. */
  readonly answered: () => void;
}

/**
 * Checks limits, catches up with the source's version, and decides for the first time; null: refused, and the peer was
 * answered.
 */
async function admit(context: FlowContext, flow: Flow, incoming: Incoming): Promise<Admitted | null> {
  refuseOverMesh(context, flow, incoming, incoming.refuseUntried);
  const refuse = (code: string): null => {
    flow.finish('refused', code);
    return null;
  };
  if (context.isOverLimit(flow)) return refuse('FLOW_LIMIT');
  const gone = () => flow.finish('refused', 'PEER_RESET');
  if (incoming.signal.aborted) return refuse('PEER_RESET');
  incoming.signal.addEventListener('abort', gone, { once: true });
  await context.catchUp(flow, incoming.request.version);
  if (flow.isDone()) return null;
  const decision = context.judge(flow);
  if (!decision.allowed) return refuse(decision.code);
  flow.target = decision.target;
  refuseOverMesh(context, flow, incoming, incoming.refuse);
  return {
    target: decision.target,
    version: decision.verdict.version,
    answered: () => {
      incoming.signal.removeEventListener('abort', gone);
      flow.answered();
    },
  };
}

function refuseOverMesh(context: FlowContext, flow: Flow, incoming: Incoming, refuse: Incoming['refuse']): void {
  const { networkId } = incoming.request;
  flow.refuseWith((code) => refuse(code, explainCode(code), context.version(networkId)));
}
