import type { Socket } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { FlowRequest } from '#libs/mesh/flow.js';
import type { FlowSource } from '#libs/policy/model.js';
import type { Route } from '../data-plane.js';
import { takeOver } from './bulk-socket.js';
import { TargetUnreachableError } from './dial.js';
import type { Flow } from './flow.js';
import type { FlowCode } from './flow-code.js';
import type { FlowContext } from './flow-context.js';
import { type FlowEnd, MeshEnd, SocketEnd } from './flow-end.js';
import type { FlowTarget } from './judge.js';
import { reachTarget } from './reach-target.js';

/** A client of the proxy: its bytes wait in the kernel until both ends have allowed the flow. */
export function acceptClient(context: FlowContext, socket: Socket, route: Route): void {
  const { remoteAddress } = socket;
  const { flow, source, client } = flowOf(context, socket, route);
  // A client that reset the connection before it was accepted has no address any more.
  if (source === null) flow.finish('refused', remoteAddress === undefined ? 'SOURCE_RESET' : 'NOT_ATTACHED');
  else if (context.isOverLimit(flow)) flow.finish('refused', 'FLOW_LIMIT');
  else void openFromClient(context, flow, source, client);
}

/** A client that there is no room for. */
export function refuseClient(context: FlowContext, socket: Socket, route: Route, code: FlowCode): void {
  flowOf(context, socket, route).flow.finish('refused', code);
}

function flowOf(context: FlowContext, socket: Socket, { networkId, alias, port }: Route) {
  const source = context.settings.localSource ?? sandboxSource(context, socket);
  const flow = context.register({ flowId: context.settings.newFlowId(), networkId, alias, port, source, peer: null });
  const client = new SocketEnd((reads) => takeOver(socket, reads));
  flow.own(client, 'SOURCE_RESET');
  return { flow, source, client };
}

function sandboxSource(context: FlowContext, socket: Socket): FlowSource | null {
  const sandboxId = context.settings.sandboxes.sourceOf(plain(socket.remoteAddress), plain(socket.localAddress));
  return sandboxId === null ? null : { kind: 'sandbox', sandboxId };
}

/** Evaluate, dial, evaluate again, pass bytes. */
async function openFromClient(context: FlowContext, flow: Flow, source: FlowSource, client: SocketEnd): Promise<void> {
  try {
    const target = await reachTarget(context, flow, (to, version) => dialFor(context, flow, source, to, version));
    if (target.kind === 'mesh') await context.catchUp(flow, target.stream.targetVersion);
    if (flow.isDone()) return;
    context.requireAllowed(flow);
    flow.open(client, target);
  } catch (error) {
    flow.finish('refused', codeOf(error));
  }
}

/** The target as an end that the flow owns. Errors: TargetUnreachableError, and those of MeshMember.open. */
async function dialFor(
  context: FlowContext,
  flow: Flow,
  source: FlowSource,
  target: FlowTarget,
  version: number,
): Promise<FlowEnd> {
  const { agentId, mesh } = context.settings;
  if (target.agentId === agentId) {
    flow.roles = ['source', 'target'];
    return context.dialSandbox(flow, target);
  }
  flow.roles = ['source'];
  if (mesh === null) throw new TargetUnreachableError('MESH_NOT_CONFIGURED', 'this host takes no part in a mesh');
  const { flowId, networkId, alias, port } = flow.facts;
  const request: FlowRequest = { flowId, networkId, alias, port, source, version };
  const end = new MeshEnd(await mesh.open(target.agentId, request, flow.signal));
  flow.own(end, 'PEER_RESET');
  return end;
}

function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : 'PEER_UNREACHABLE';
}

/** A socket that listens on IPv6 names IPv4 addresses in mapped form, RFC 4291 section 2.5.5.2. */
function plain(address: string | undefined): string {
  return address?.startsWith('::ffff:') ? address.slice('::ffff:'.length) : (address ?? '');
}
