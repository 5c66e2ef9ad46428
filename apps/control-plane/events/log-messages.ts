import { Injectable } from '@nestjs/common';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { idOfStream } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { Directory } from '../record/directory.js';
import { changeDto } from '../status/change-descriptions.js';
import { eventId, logMessage, type StreamMessage } from './stream-message.js';

/** Events of the log as messages of the stream, without what a node keeps private. */
@Injectable()
export class LogMessages {
  constructor(private readonly directory: Directory) {}

  /** null: events of this kind are not in the stream. */
  of(stored: StoredEvent): StreamMessage | null {
    const { streamId, position, type, actor, recordedAt: at } = stored;
    const id = eventId(stored);
    const networkId = idOfStream(NETWORK, streamId);
    if (networkId !== null) {
      const name = this.directory.network(networkId)?.topology.name ?? null;
      return logMessage('network', id, changeDto(stored, networkId, name));
    }
    const told = (about: string) => ({ position, type, summary: `${about}: ${wordsOf(type)}`, actor, at });
    const sandboxId = idOfStream(SANDBOX, streamId);
    if (sandboxId !== null) {
      const agentId = this.directory.sandbox(sandboxId)?.agentId ?? null;
      return logMessage('sandbox', id, { ...told(sandboxId), sandboxId, agentId });
    }
    const agentId = idOfStream(AGENT, streamId);
    if (agentId !== null) return logMessage('agent', id, { ...told(agentId), agentId });
    const nodeId = idOfStream(LOCAL_NODE, streamId);
    if (nodeId === null) return null;
    const ofNode = this.directory.localNode(nodeId)?.state.networkId;
    const network = ofNode === undefined ? null : (this.directory.network(ofNode)?.topology.name ?? null);
    return logMessage('local-node', id, { ...told(nodeId), nodeId, network });
  }
}

/** `LocalNodeRenewed` becomes `renewed`: its subject is another member of the message. */
function wordsOf(type: string): string {
  return type
    .replace(/^(Sandbox|Agent|LocalNode)(?=[A-Z])/, '')
    .replaceAll(/(?!^)[A-Z]/g, (letter) => ` ${letter}`)
    .toLowerCase();
}
