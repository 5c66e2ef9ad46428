import { createServer, type Server, type Socket } from 'node:net';
import { Turns } from '#libs/async/turns.js';
import type { OutsideRoute, ProxyListeners, Route, RouteFailure } from '../data-plane.js';
import { explainFailure } from './blocked-address.js';

/** Above the kernel's limit (net.core.somaxconn), which then applies. */
const BACKLOG = 65_535;

/** An address and a port to listen on. */
type Place = Pick<Route, 'address' | 'port'>;
type Accept<Listening> = (socket: Socket, route: Listening) => void;
type AcceptFailed<Listening> = (route: Listening, error: Error) => void;

interface Listener<Listening> {
  readonly route: Listening;
  readonly server: Server;
}

/**
 * The listening sockets of a host's proxy. `accept` gets each connection, paused, with its route, and owns it from then
 * on. `acceptFailed` is called for connections that the system could not hand over (no free descriptors).
 */
export function createProxyListeners(accept: Accept<Route>, acceptFailed: AcceptFailed<Route>): ProxyListeners {
  return new Listeners(accept, acceptFailed, ({ networkId, alias }) => `alias ${alias} of network ${networkId}`);
}

/** As createProxyListeners, for names outside. */
export function createOutsideListeners(
  accept: Accept<OutsideRoute>,
  acceptFailed: AcceptFailed<OutsideRoute>,
): ProxyListeners<OutsideRoute> {
  return new Listeners(accept, acceptFailed, ({ name }) => name);
}

class Listeners<Listening extends Place> implements ProxyListeners<Listening> {
  private readonly opened = new Map<string, Listener<Listening>>();
  /** When calls overlap, the later one decides what is open in the end. */
  private readonly turns = new Turns();
  private closed = false;

  constructor(
    private readonly accept: Accept<Listening>,
    private readonly acceptFailed: AcceptFailed<Listening>,
    /** A key of what a route leads to; equal keys mean the same. */
    private readonly leadsTo: (route: Listening) => string,
  ) {}

  open(routes: readonly Listening[]): Promise<readonly RouteFailure<Listening>[]> {
    return this.turns.take(async () => {
      const failures: RouteFailure<Listening>[] = [];
      for (const route of routes) {
        const failure = await this.openOne(route);
        if (failure !== null) failures.push(failure);
      }
      return failures;
    });
  }

  shut(routes: readonly Listening[]): Promise<void> {
    return this.turns.take(async () => {
      for (const route of routes) {
        const listener = this.opened.get(socketOf(route));
        if (listener === undefined || this.identity(listener.route) !== this.identity(route)) continue;
        listener.server.close();
        this.opened.delete(socketOf(route));
      }
    });
  }

  routes(): readonly Listening[] {
    return [...this.opened.values()].map(({ route }) => route);
  }

  close(): Promise<void> {
    this.closed = true;
    return this.turns.take(async () => {
      for (const { server } of this.opened.values()) server.close();
      this.opened.clear();
    });
  }

  private async openOne(route: Listening): Promise<RouteFailure<Listening> | null> {
    if (this.closed) return { route, code: 'PROXY_CLOSED', message: 'the proxy is shutting down' };
    const holder = this.opened.get(socketOf(route))?.route;
    if (holder !== undefined && this.identity(holder) === this.identity(route)) return null;
    if (holder !== undefined) {
      return {
        route,
        code: 'PROXY_ADDRESS_SHARED',
        message: `${socketOf(route)} serves ${this.leadsTo(holder)} already; publish a distinct port, or give GLOBALSTACKS_AGENT_MESH_PROXY_BIND a range`,
      };
    }
    try {
      this.opened.set(socketOf(route), { route, server: await this.listen(route) });
      return null;
    } catch (error) {
      return explainFailure(route, error);
    }
  }

  private listen(route: Listening): Promise<Server> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) =>
        this.accept(socket, route),
      );
      server.once('error', reject);
      server.listen({ host: route.address, port: route.port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        server.on('error', (error) => this.acceptFailed(route, error));
        resolve(server);
      });
    });
  }

  private identity(route: Listening): string {
    return `${this.leadsTo(route)} ${socketOf(route)}`;
  }
}

function socketOf({ address, port }: Place): string {
  return `${address}:${port}`;
}
