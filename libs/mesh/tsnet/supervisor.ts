import { rest } from '#libs/async/rest.js';
import { CodedError } from '#libs/contracts/errors.js';
import { formatEndpoint } from '../endpoint.js';
import { MeshNodeProcess } from './process.js';
import { MESH_NODE_PROTOCOL, type MeshNodeEvent } from './protocol.js';
import { RestartPauses } from './restart-pauses.js';
import type { StatusBoard } from './status.js';
import type { TsnetSettings } from './tsnet-transport.js';

const HELLO_WITHIN_MS = 5_000;

export interface SupervisorSettings extends TsnetSettings {
  readonly port: number;
  readonly dialSocket: string;
  readonly inboundSocket: string;
}

/** Keeps one mesh-node running, passes it the keys it asks for, and reports its state to the board. */
export class MeshNodeSupervisor {
  private readonly closing = new AbortController();
  private node: MeshNodeProcess | null = null;
  private hasJoined = false;
  private warmAddresses: readonly string[] = [];
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly settings: SupervisorSettings,
    private readonly board: StatusBoard,
  ) {}

  start(): void {
    this.running = this.keepRunning();
  }

  /** Prepares paths to these addresses of peers. */
  warm(addresses: readonly string[]): void {
    this.warmAddresses = addresses;
    if (this.hasJoined) this.sendWarm();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.node?.stop();
    await this.running;
  }

  private async keepRunning(): Promise<void> {
    const { signal } = this.closing;
    const pauses = new RestartPauses();
    while (!signal.aborted) {
      const ending = await this.runOnce();
      if (signal.aborted) return;
      if (this.hasJoined) pauses.restart();
      this.hasJoined = false;
      if (ending !== null) this.board.failed(ending);
      await rest(pauses.nextMs(), signal);
    }
  }

  private async runOnce(): Promise<CodedError | null> {
    const life = new AbortController();
    const signal = AbortSignal.any([life.signal, this.closing.signal]);
    const node = new MeshNodeProcess(this.settings.binary, (event) => this.take(node, event, signal, greeted));
    this.node = node;
    const unheard = setTimeout(
      () =>
        node.fail(new CodedError('MESH_NODE_FAILED', `mesh-node did not announce itself within ${HELLO_WITHIN_MS} ms`)),
      HELLO_WITHIN_MS,
    );
    const greeted = () => clearTimeout(unheard);
    const ending = await node.ended;
    greeted();
    life.abort();
    this.node = null;
    return ending;
  }

  private take(node: MeshNodeProcess, event: MeshNodeEvent, signal: AbortSignal, greeted: () => void): void {
    switch (event.event) {
      case 'hello':
        greeted();
        this.introduce(node);
        break;
      case 'key-needed':
        // The result of the last attempt to rejoin, where there is one, says more than this reason.
        if (event.lost !== null && this.board.current.state === 'joined') this.board.failed(event.lost);
        void this.giveKey(node, signal);
        break;
      case 'joined': {
        const [address] = event.addresses;
        this.hasJoined = true;
        this.board.joined(address === undefined ? [] : [formatEndpoint(address, this.settings.port)]);
        this.sendWarm();
        break;
      }
      case 'control':
        this.board.controlReachable(event.isReachable, this.settings.controlUrl);
        break;
      case 'log':
        this.settings.log({ code: event.code, peer: null, message: event.message });
        break;
    }
  }

  private introduce(node: MeshNodeProcess): void {
    const { controlUrl, hostname, stateFolder, dialSocket, inboundSocket, port, isEphemeral } = this.settings;
    const start = { controlUrl, hostname, stateFolder, dialSocket, inboundSocket, port, ephemeral: isEphemeral };
    node.send({ command: 'start', protocol: MESH_NODE_PROTOCOL, ...start });
  }

  private async giveKey(node: MeshNodeProcess, signal: AbortSignal): Promise<void> {
    try {
      const key = await this.settings.requestKey(signal);
      if (!signal.aborted) node.send({ command: 'auth-key', key });
    } catch (error) {
      if (signal.aborted) return;
      node.fail(
        error instanceof CodedError
          ? error
          : new CodedError('MESH_KEY_UNAVAILABLE', `the control plane gave no mesh key: ${error}`),
      );
    }
  }

  private sendWarm(): void {
    this.node?.send({ command: 'warm', peers: this.warmAddresses });
  }
}
