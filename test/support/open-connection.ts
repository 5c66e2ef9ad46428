import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { RunningStack } from './stack.js';
import { waitFor } from './wait.js';

interface Where {
  readonly from: string;
  readonly network: string;
  readonly alias: string;
  readonly port: number;
}

/** A connection from a sandbox of a stack with static sandboxes to an alias, which stays open and idle. */
export async function openConnection(stack: RunningStack, where: Where): Promise<Socket> {
  return (await connectorOf(stack, where))();
}

/** Opens such connections, even while the control plane does not answer: the addresses are looked up now. */
export async function connectorOf(stack: RunningStack, where: Where): Promise<() => Promise<Socket>> {
  const ends = await endsOf(stack, where);
  return async () => {
    const socket = connect(ends);
    // The test checks how it ends.
    socket.on('error', () => {});
    await once(socket, 'connect');
    return socket;
  };
}

/** Where such a connection begins and where it leads. */
export interface ConnectionEnds {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
}

export async function endsOf(stack: RunningStack, { from, network, alias, port }: Where): Promise<ConnectionEnds> {
  const source = (await stack.json(['sandbox', 'show', from])) as {
    readonly address: string;
    readonly agentId: string;
  };
  const host = await proxyAddressAt(stack, source.agentId, network, alias);
  return { host, port, localAddress: source.address };
}

/** Where an agent answers for an alias. An agent that does not answer at this moment is asked again. */
export function proxyAddressAt(stack: RunningStack, agent: string, network: string, alias: string): Promise<string> {
  return waitFor(`${agent} answers for ${alias}.${network}`, async () => {
    const { addresses } = (await stack.json(['network', 'resolve', network, alias])) as {
      readonly addresses: readonly { readonly agentId: string; readonly address: string | null }[];
    };
    return addresses.find(({ agentId }) => agentId === agent)?.address ?? undefined;
  });
}
