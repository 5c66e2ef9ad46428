import { randomBytes } from 'node:crypto';
import { parseAliasName, parseFlowId, parseSandboxId } from '#libs/contracts/ids.js';
import type { FlowRequest, IncomingFlow, MeshIdentity } from '#libs/mesh/flow.js';
import type { FlowRig } from '#test/support/flow-rig.js';
import { createMemoryFlows } from '#test/support/mesh-pair.js';
import { TEST_NETWORK } from '#test/support/network-view.js';

/** Asks host-b for a flow as a peer would; resolves with the answer. */
export function askForFlow(
  rig: FlowRig,
  peer: MeshIdentity,
  changes: Partial<FlowRequest> = {},
  signal = new AbortController().signal,
): Promise<string> {
  const request: FlowRequest = {
    flowId: parseFlowId(randomBytes(16).toString('hex'), 'flow id'),
    networkId: TEST_NETWORK,
    alias: parseAliasName('api', 'alias'),
    port: rig.route.port,
    source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
    version: 1,
    ...changes,
  };
  return new Promise<string>((resolve) => {
    const flow: IncomingFlow = {
      request,
      peer,
      signal,
      accept: (version) => {
        resolve(`accepted ${version}`);
        const [here, there] = createMemoryFlows(version);
        here.on('error', () => {});
        return there;
      },
      refuse: (code, _message, version) => resolve(`tried and refused ${code} ${version}`),
      refuseUntried: (code, _message, version) => resolve(`refused ${code} ${version}`),
    };
    rig.hostB.acceptPeer(flow);
  });
}
