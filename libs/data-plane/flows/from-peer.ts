import type { IncomingFlow } from '#libs/mesh/flow.js';
import { TargetUnreachableError } from './dial.js';
import type { Flow } from './flow.js';
import { explainCode } from './flow-code.js';
import { MeshEnd } from './flow-end.js';
import type { FlowHost } from './host.js';

/** A peer asks for a flow into a sandbox of this host. */
export function acceptPeer(host: FlowHost, incoming: IncomingFlow): void {
  const { flowId, networkId, alias, port, source } = incoming.request;
  const isTaken = host.table.hasPeerFlow(flowId);
  const flow = host.register({ flowId, networkId, alias, port, source, peer: incoming.peer });
  flow.refuseWith((code) => incoming.refuse(code, explainCode(code), host.version(networkId)));
  if (isTaken) flow.finish('refused', 'FLOW_ID_TAKEN');
  else if (host.isOverLimit(flow)) flow.finish('refused', 'FLOW_LIMIT');
  else void openFromPeer(host, flow, incoming);
}

/** Catch up with the source, evaluate, dial, evaluate again, answer, pass bytes. */
async function openFromPeer(host: FlowHost, flow: Flow, incoming: IncomingFlow): Promise<void> {
  const gone = () => flow.finish('refused', 'PEER_RESET');
  if (incoming.signal.aborted) return gone();
  incoming.signal.addEventListener('abort', gone, { once: true });

  await host.catchUp(flow, incoming.request.version);
  if (flow.isDone()) return;
  const first = host.judge(flow);
  if (!first.allowed) return flow.finish('refused', first.code);
  flow.target = first.target;

  let target: Awaited<ReturnType<FlowHost['dialSandbox']>>;
  try {
    target = await host.withinConnectTimeout(flow, host.dialSandbox(flow, first.target));
  } catch (error) {
    return flow.finish('refused', error instanceof TargetUnreachableError ? error.code : 'TARGET_UNREACHABLE');
  }
  if (flow.isDone()) return;
  const second = host.judge(flow);
  if (!second.allowed) return flow.finish('refused', second.code);

  incoming.signal.removeEventListener('abort', gone);
  flow.answered();
  const source = new MeshEnd(incoming.accept(second.verdict.version));
  flow.own(source, 'PEER_RESET');
  flow.open(source, target);
}
