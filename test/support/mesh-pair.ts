import { Duplex } from 'node:stream';
import type { AgentId } from '#libs/contracts/ids.js';
import {
  FlowRefusedError,
  type FlowRequest,
  FlowResetError,
  type IncomingFlow,
  type IncomingProbe,
  type MeshFlow,
  type MeshIdentity,
  type MeshMember,
  PeerUnreachableError,
} from '#libs/mesh/flow.js';

/** One end of a flow between two nodes in memory; a reset here is a reset there. */
class MemoryFlow extends Duplex implements MeshFlow {
  other: MemoryFlow | null = null;
  private took: (() => void) | null = null;
  private isResetting = false;
  private resetCode = '';
  private resetWhenRead = (): void => {};

  constructor(readonly targetVersion: number) {
    super({ allowHalfOpen: true });
  }

  get hasUnsent(): boolean {
    return this.writableLength > 0;
  }

  reset(code: string): void {
    const error = new FlowResetError(code, 'reset');
    this.destroy(error);
    this.other?.destroy(error);
  }

  resetAfterDelivery(code: string): void {
    this.isResetting = true;
    this.resetCode = code;
    if (this.writableEnded) this.other?.resetFollows(code, true);
    else this.end();
  }

  /** All bytes have arrived: the reset follows once they are read. */
  resetFollows(code: string, hasEnded: boolean): void {
    this.resetWhenRead = () => {
      if (hasEnded ? !this.readableEnded : this.readableLength > 0) return;
      this.destroy(new FlowResetError(code, 'reset', true));
      this.other?.destroy(new FlowResetError(code, 'reset'));
    };
    this.on('end', this.resetWhenRead);
    this.resetWhenRead();
  }

  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    this.resetWhenRead();
    return chunk;
  }

  override _read(): void {
    const took = this.other?.takeWaiting();
    took?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.other?.push(Buffer.from(chunk))) done();
    else this.took = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.isResetting) this.other?.resetFollows(this.resetCode, false);
    else this.other?.push(null);
    done();
  }

  takeWaiting(): (() => void) | null {
    const took = this.took;
    this.took = null;
    return took;
  }
}

class MemoryNode implements MeshMember {
  handle: (flow: IncomingFlow) => void = (flow) => flow.refuse('NOT_READY', 'nobody listens', null);
  answer: (probe: IncomingProbe) => void = (probe) => probe.refuse('NOT_READY', 'nobody listens', null);
  peer: MemoryNode | null = null;

  constructor(
    readonly agentId: AgentId,
    readonly claims: MeshIdentity = { kind: 'agent', agentId },
  ) {}

  onFlow(handle: (flow: IncomingFlow) => void): void {
    this.handle = handle;
  }

  onProbe(answer: (probe: IncomingProbe) => void): void {
    this.answer = answer;
  }

  setPeers(): void {}

  setLocalNodes(): void {}

  setCredentials(): void {}

  async close(): Promise<void> {}

  probe(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<number> {
    const target = this.peer;
    if (target === null || target.agentId !== peer) {
      return Promise.reject(new PeerUnreachableError('PEER_UNREACHABLE', `${peer} is not here`));
    }
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      const refuse = refusing(reject);
      target.answer({
        request,
        peer: this.claims,
        signal,
        confirm: (version) => queueMicrotask(() => resolve(version)),
        refuse,
        refuseUntried: refuse,
      });
    });
  }

  open(peer: AgentId, request: FlowRequest, signal: AbortSignal): Promise<MeshFlow> {
    const target = this.peer;
    if (target === null || target.agentId !== peer) {
      return Promise.reject(new PeerUnreachableError('PEER_UNREACHABLE', `${peer} is not here`));
    }
    return new Promise((resolve, reject) => {
      const refuse = refusing(reject);
      signal.addEventListener('abort', () => reject(new PeerUnreachableError('PEER_UNREACHABLE', 'given up')));
      target.handle({
        request,
        peer: this.claims,
        signal,
        accept: (version) => {
          const [here, there] = createMemoryFlows(version);
          queueMicrotask(() => resolve(here));
          return there;
        },
        refuse,
        refuseUntried: refuse,
      });
    });
  }
}

function refusing(reject: (error: Error) => void): IncomingFlow['refuse'] {
  return (code, message, version) => queueMicrotask(() => reject(new FlowRefusedError(code, message, version)));
}

/** The two ends of one flow. */
export function createMemoryFlows(targetVersion: number): [MemoryFlow, MemoryFlow] {
  const here = new MemoryFlow(targetVersion);
  const there = new MemoryFlow(targetVersion);
  here.other = there;
  there.other = here;
  return [here, there];
}

/** Two nodes that reach only each other; `claims` is the identity that the first presents to the second. */
export function createMeshPair(first: AgentId, second: AgentId, claims?: MeshIdentity): [MeshMember, MeshMember] {
  const one = new MemoryNode(first, claims);
  const two = new MemoryNode(second);
  one.peer = two;
  two.peer = one;
  return [one, two];
}
