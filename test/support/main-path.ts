import { expect } from 'chai';
import {
  type FlowId,
  parseAgentId,
  parseAliasName,
  parseFlowId,
  parseNetworkId,
  parseSandboxId,
} from '#libs/contracts/ids.js';
import { FlowRefusedError, type FlowRequest, type MeshMember } from '#libs/mesh/flow.js';
import { meshNodeAs } from './agent-identity.js';
import { networkIdOf } from './record.js';
import { curl, expectReset } from './sandboxes.js';
import type { RunningStack } from './stack.js';

/**
 * The whole path, with a check for each hop: a write is in the log and acknowledged; a denied flow is refused by the
 * source without asking the target, and by the target if a source asks anyway; an allowed flow is answered. Creates the
 * network; rejects at the first hop that fails.
 */
export async function mainPath(stack: RunningStack, network: string): Promise<void> {
  const api = `http://api.${network}.gstacks:8080/`;
  await stack.json(['network', 'create', network]);
  await stack.json(['network', 'attach', network, 'sbx-web', '--alias', 'web', '--port', '8080', '--wait=5']);
  await stack.json(['network', 'attach', network, 'sbx-api', '--alias', 'api', '--port', '8080', '--wait=5']);

  const asked = await flowsSeenBy(stack, 'host-b');
  expectReset(await curl(stack, 'sbx-web', api));
  expect(await flowsSeenBy(stack, 'host-b'), 'the source refuses by itself').to.equal(asked);
  expect(await answerOfTarget(stack, network), 'the target refuses by itself').to.equal('DEFAULT_DENY');

  const rule = [network, '--from', 'web', '--to', 'api', '--port', '8080'] as const;
  await stack.json(['network', 'policy', 'allow', ...rule, '--wait=5']);
  const answer = await curl(stack, 'sbx-web', api);
  expect(answer.stdout, answer.stderr).to.equal('{"sandbox":"sbx-api"}\n');
}

/** How often the agent's flow log names the alias. */
async function flowsSeenBy(stack: RunningStack, agent: string): Promise<number> {
  return stack
    .log(`agent-${agent}`)
    .split('\n')
    .filter((line) => line.includes('"flowId"')).length;
}

/**
 * Asks host-b for a flow with host-a's own certificate, bypassing host-a's policy; the code of its refusal, or OPENED.
 */
async function answerOfTarget(stack: RunningStack, network: string): Promise<string> {
  const node = await meshNodeAs(stack, 'host-a');
  try {
    return await openAs(node, {
      flowId: flowIdOf(1),
      networkId: parseNetworkId(await networkIdOf(stack, network), 'network'),
      alias: parseAliasName('api', 'alias'),
      port: 8_080,
      source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'sandbox') },
      version: 1,
    });
  } finally {
    await node.close();
  }
}

/** What host-b answers to a request over the mesh: the code of its refusal, or OPENED. */
export async function openAs(node: MeshMember, request: FlowRequest): Promise<string> {
  try {
    const flow = await node.open(parseAgentId('host-b', 'agent'), request, AbortSignal.timeout(5_000));
    flow.on('error', () => {});
    flow.reset('TEST_OVER');
    return 'OPENED';
  } catch (error) {
    if (error instanceof FlowRefusedError) return error.code;
    throw error;
  }
}

export function flowIdOf(n: number): FlowId {
  return parseFlowId(n.toString(16).padStart(32, '0'), 'flow');
}
