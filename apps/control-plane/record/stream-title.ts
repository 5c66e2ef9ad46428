import { AGENT } from '#libs/domain/agent/aggregate.js';
import { idOfStream } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import type { Directory } from './directory.js';

const NAMED_BY_ID = [
  [SANDBOX, 'sandbox'],
  [AGENT, 'agent'],
  [LOCAL_NODE, 'local node'],
  [STORE_KEY, 'key'],
] as const;

/** What people call that of which this is the stream: `network dev`. A network's id means nothing to them. */
export function streamTitle(streamId: string, directory: Pick<Directory, 'network'>): string {
  const networkId = idOfStream(NETWORK, streamId);
  if (networkId !== null) {
    const name = directory.network(networkId)?.topology.name;
    return name === undefined ? 'the network' : `network ${name}`;
  }
  for (const [aggregate, word] of NAMED_BY_ID) {
    const id = idOfStream<string>(aggregate, streamId);
    if (id !== null) return `${word} ${id}`;
  }
  return streamId;
}
