import { homedir } from 'node:os';
import type { JoinedNetworkState, LocalNodeRequest } from '#libs/contracts/local-node-requests.js';
import { type ConnectionFlags, GstacksCommand } from '../command.js';
import type { Context } from '../context/context.js';
import { loadContext } from '../context/load-context.js';
import { MeshError } from './mesh-error.js';
import { type Answered, askNode, lastState } from './node-client.js';
import { nodeFolder } from './node-folder.js';

export interface Place {
  readonly context: Context;
  readonly folder: string;
}

/** A command about this machine's own membership, which it asks the background node for. */
export abstract class MeshCommand extends GstacksCommand {
  protected async place(flags: ConnectionFlags): Promise<Place> {
    const context = await loadContext(flags, this.environment, this.config.root);
    return { context, folder: nodeFolder(context, this.environment, homedir()) };
  }

  /** As askNode, but a missing node is an error. */
  protected async ask(folder: string, request: LocalNodeRequest): Promise<Answered> {
    const answer = await askNode(folder, request);
    if (answer !== null) return answer;
    const network = 'network' in request ? request.network : '<network>';
    const last = lastState(folder);
    const died = last?.networks.some(({ state }) => state !== 'ended') ?? false;
    throw died
      ? new MeshError('NODE_DIED', 'the background node of this machine is gone', `gstacks mesh join ${network}`)
      : this.notJoined(network);
  }

  protected notJoined(network: string): MeshError {
    return new MeshError('NOT_JOINED', 'this machine has joined no network', `gstacks mesh join ${network}`);
  }

  protected networkIn(answer: Answered, name: string): JoinedNetworkState {
    const found = answer.state.networks.find(({ network }) => network === name);
    if (found !== undefined) return found;
    throw new MeshError('NOT_JOINED', `this machine has not joined network ${name}`, `gstacks mesh join ${name}`);
  }
}
