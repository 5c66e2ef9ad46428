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

const RULE = ['dev', '--from', 'web', '--to', 'api', '--port', '8080'] as const;
const API = 'http://api.dev.gstacks:8080/';

/**
 * The whole way, each hop seen on its own: what is written is in the log and acknowledged; what is not allowed is
 * refused by the source without the target being asked, and by the target when a source asks all the same; what is
 * allowed answers. Rejects at the first hop that does not do its part.
 */
export async function mainPath(stack: RunningStack): Promise<void> {
  await stack.json(['network', 'create', 'dev']);
  await stack.json(['network', 'attach', 'dev', 'sbx-web', '--alias', 'web', '--port', '8080', '--wait=5']);
  await stack.json(['network', 'attach', 'dev', 'sbx-api', '--alias', 'api', '--port', '8080', '--wait=5']);

  const asked = await flowsSeenBy(stack, 'host-b');
  expectReset(await curl(stack, 'sbx-web', API));
  expect(await flowsSeenBy(stack, 'host-b'), 'the source refuses by itself').to.equal(asked);
  expect(await answerOfTarget(stack), 'the target refuses by itself').to.equal('DEFAULT_DENY');

  await stack.json(['network', 'policy', 'allow', ...RULE, '--wait=5']);
  const answer = await curl(stack, 'sbx-web', API);
  expect(answer.stdout, answer.stderr).to.equal('{"sandbox":"sbx-api"}\n');
}

/** How often the agent's flow log names the alias. */
async function flowsSeenBy(stack: RunningStack, agent: string): Promise<number> {
  return stack
    .log(`agent-${agent}`)
    .split('\n')
    .filter((line) => line.includes('"flowId"')).length;
}

/** Asks host-b for a flow with host-a's own certificate, past host-a's policy; the code of its refusal, or OPENED. */
async function answerOfTarget(stack: RunningStack): Promise<string> {
  const node = await meshNodeAs(stack, 'host-a');
  try {
    return await openAs(node, {
      flowId: flowIdOf(1),
      networkId: parseNetworkId(await networkIdOf(stack, 'dev'), 'network'),
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
