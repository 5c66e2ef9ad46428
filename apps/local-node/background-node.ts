import { CodedError } from '#libs/contracts/errors.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import {
  type LocalNodeReply,
  type LocalNodeRequest,
  type LocalNodeState,
  NODE_ENDING,
} from '#libs/contracts/local-node-requests.js';
import { trustAuthorities } from '#libs/program/trusted-authorities.js';
import { writeWhole } from '#libs/program/write-whole.js';
import { JoinedNetwork, type JoinPorts } from './joined-network.js';

/** The node cannot do what was requested in its current state. */
class RequestRefusedError extends CodedError {}

export interface BackgroundPorts {
  readonly url: string;
  readonly stateFile: string;
  readonly folder: string;
  /** The mesh-node program. */
  readonly meshNode: string;
  readonly log: JoinPorts['log'];
  readonly now: () => Date;
  /** Called when no network is left, so that the process can end. */
  readonly idle: () => void;
}

/** How long a join waits for the mesh and the first topology; after that it answers, and both continue. */
const SETTLED_WITHIN_MS = 10_000;

/** The networks that this machine has joined at one control plane. */
export class BackgroundNode {
  private readonly networks = new Map<NetworkName, JoinedNetwork>();
  private token = '';
  private turn: Promise<unknown> = Promise.resolve();
  private unanswered = 0;
  private isClosing = false;
  /** Files of certificate authorities named by joins. */
  private readonly trusted = new Set<string>();

  constructor(private readonly ports: BackgroundPorts) {}

  /** Handles requests one after the other; every failure is an answer. */
  answer(request: LocalNodeRequest): Promise<LocalNodeReply> {
    this.unanswered += 1;
    const work = this.turn
      .then(() => this.carryOut(request))
      .finally(() => {
        this.unanswered -= 1;
        if (!this.isNeeded) this.ports.idle();
      });
    const reply = work.then(
      (changed): LocalNodeReply => ({ ok: true, changed, state: this.state() }),
      (error: unknown): LocalNodeReply => {
        if (!(error instanceof CodedError)) this.ports.log('request failed', { error: String(error) });
        const { code, message, remedy } =
          error instanceof CodedError ? error : { code: 'INTERNAL', message: String(error), remedy: null };
        return { ok: false, code, message, remedy };
      },
    );
    this.turn = reply;
    return reply;
  }

  state(): LocalNodeState {
    const { url } = this.ports;
    return { pid: process.pid, url, networks: [...this.networks.values()].map((network) => network.state()) };
  }

  /** Leaves every network, including one that is being joined. Later joins are refused. */
  async close(): Promise<void> {
    this.isClosing = true;
    await Promise.all([...this.networks.values()].map((network) => network.leave()));
    await this.turn;
  }

  /**
   * The process exits: resets open connections, since the kernel would end them cleanly, as if all bytes had been sent.
   */
  exiting(): void {
    for (const network of this.networks.values()) network.exiting();
  }

  /** Returns whether it changed anything. */
  private async carryOut(request: LocalNodeRequest): Promise<boolean> {
    switch (request.kind) {
      case 'status':
        await Promise.all([...this.networks.values()].map((network) => network.lookAgain()));
        return false;
      case 'join':
        return this.join(request);
      case 'forward': {
        const { network, alias, port, localPort } = request;
        const joined = this.joined(network);
        const holder = [...this.networks].find(([name, other]) => name !== network && other.hasForward(localPort));
        if (holder !== undefined) {
          throw new RequestRefusedError(
            'PORT_IN_USE',
            `port ${localPort} is already forwarded to network ${holder[0]}`,
            `gstacks mesh forward stop ${localPort}`,
          );
        }
        const changed = await joined.forward({ alias, port, localPort });
        this.save();
        return changed;
      }
      case 'stop-forward': {
        const stopped = [...this.networks.values()].some((network) => network.stopForward(request.localPort));
        this.save();
        return stopped;
      }
      case 'leave': {
        const network = this.networks.get(request.network);
        if (network === undefined) return false;
        await network.leave();
        this.networks.delete(request.network);
        this.changed();
        return true;
      }
    }
  }

  private async join({
    network,
    token,
    machine,
    authorities,
    meshNode,
  }: LocalNodeRequest & { kind: 'join' }): Promise<boolean> {
    this.requireStaying(network);
    this.trust(authorities);
    this.token = token;
    const known = this.networks.get(network);
    if (known?.isJoined) {
      await known.settled(SETTLED_WITHIN_MS, false);
      return false;
    }
    const { url, log, now, folder } = this.ports;
    try {
      const joined = await JoinedNetwork.join({
        url,
        network,
        machine,
        folder,
        meshNode: meshNode ?? this.ports.meshNode,
        token: () => this.token,
        log,
        now,
        changed: () => this.changed(),
      });
      this.networks.set(network, joined);
      if (this.isClosing) await joined.leave();
      this.requireStaying(network);
      await joined.settled(SETTLED_WITHIN_MS);
    } finally {
      this.changed();
    }
    return true;
  }

  /**
   * A join may name other authorities than the node was started with. What the node trusts already stays trusted: other
   * networks go on. Error: AuthoritiesUnusableError.
   */
  private trust(authorities: string | null): void {
    if (authorities === null || this.trusted.has(authorities)) return;
    trustAuthorities(authorities);
    this.trusted.add(authorities);
  }

  private requireStaying(network: NetworkName): void {
    if (!this.isClosing) return;
    const message = 'the background node of this machine is ending';
    throw new RequestRefusedError(NODE_ENDING, message, `gstacks mesh join ${network}`);
  }

  private joined(network: NetworkName): JoinedNetwork {
    const joined = this.networks.get(network);
    if (joined?.isJoined) return joined;
    throw new RequestRefusedError(
      'NOT_JOINED',
      `this machine has not joined network ${network}`,
      `gstacks mesh join ${network}`,
    );
  }

  /** Whether the process is still needed: a network is joined, or a request is being handled. */
  get isNeeded(): boolean {
    return this.unanswered > 0 || [...this.networks.values()].some((network) => network.isJoined);
  }

  private changed(): void {
    this.save();
    if (!this.isNeeded) this.ports.idle();
  }

  /** Saved for requests after this process has ended. A full disk or a missing folder does not end the node. */
  private save(): void {
    try {
      writeWhole(this.ports.stateFile, `${JSON.stringify(this.state())}\n`, 0o600);
    } catch (error) {
      this.ports.log('the state file could not be written', { error: String(error) });
    }
  }
}
