import type { CodedError } from '#libs/contracts/errors.js';
import type { TransportStatus } from '../transport.js';

const JOINING: TransportStatus = { state: 'joining', code: null, message: null, endpoints: [] };

/** A node's state in the mesh; calls its listener on changes only. */
export class StatusBoard {
  private status = JOINING;
  private notify = (_status: TransportStatus): void => {};
  private waiting: (() => void)[] = [];

  get current(): TransportStatus {
    return this.status;
  }

  onChange(notify: (status: TransportStatus) => void): void {
    this.notify = notify;
  }

  /** Resolves once it is known whether the node joins, or when the signal is aborted. */
  async settled(signal: AbortSignal): Promise<TransportStatus> {
    if (this.status.state === 'joining' && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return this.status;
  }

  joined(endpoints: readonly string[]): void {
    this.become({ state: 'joined', code: null, message: null, endpoints });
  }

  /** A node that has joined keeps its peers while the control server is away. */
  controlReachable(isReachable: boolean, controlUrl: string): void {
    if (this.status.state !== 'joined') return;
    const { endpoints } = this.status;
    if (isReachable) this.joined(endpoints);
    else {
      this.become({
        state: 'joined',
        code: 'MESH_CONTROL_UNREACHABLE',
        message: `the control server ${controlUrl} does not answer; known peers stay reachable`,
        endpoints,
      });
    }
  }

  /** Keeps the endpoints: after a restart the node usually has the same ones. */
  failed({ code, message }: CodedError): void {
    this.become({ state: 'failed', code, message, endpoints: this.status.endpoints });
  }

  private become(next: TransportStatus): void {
    if (JSON.stringify(next) === JSON.stringify(this.status)) return;
    this.status = next;
    for (const resolve of this.waiting.splice(0)) resolve();
    this.notify(next);
  }
}
