import { createServer, type Server, type Socket } from 'node:net';
import { Turns } from '#libs/async/turns.js';
import type { ProxyListeners, Route, RouteFailure } from '../data-plane.js';
import { explainFailure } from './blocked-address.js';

/** More than the kernel's own bound (net.core.somaxconn), which then decides. */
const BACKLOG = 65_535;

interface Listener {
  readonly route: Route;
  readonly server: Server;
}

/**
 * The listening sockets of a host's proxy. `accept` gets each connection, paused, with the route it came in on, and
 * owns it from then on; `acceptFailed` hears of connections the system would not hand over (out of descriptors).
 */
export function createProxyListeners(
  accept: (socket: Socket, route: Route) => void,
  acceptFailed: (route: Route, error: Error) => void,
): ProxyListeners {
  return new Listeners(accept, acceptFailed);
}

class Listeners implements ProxyListeners {
  private readonly accept: (socket: Socket, route: Route) => void;
  private readonly acceptFailed: (route: Route, error: Error) => void;
  private readonly opened = new Map<string, Listener>();
  /** Two calls that overlap leave what the later one asked for. */
  private readonly turns = new Turns();
  private closed = false;

  constructor(accept: (socket: Socket, route: Route) => void, acceptFailed: (route: Route, error: Error) => void) {
    this.accept = accept;
    this.acceptFailed = acceptFailed;
  }

  open(routes: readonly Route[]): Promise<readonly RouteFailure[]> {
    return this.turns.take(async () => {
      const failures: RouteFailure[] = [];
      for (const route of routes) {
        const failure = await this.openOne(route);
        if (failure !== null) failures.push(failure);
      }
      return failures;
    });
  }

  retain(routes: readonly Route[]): Promise<void> {
    return this.turns.take(async () => {
      const kept = new Set(routes.map(identity));
      for (const [at, listener] of this.opened) {
        if (kept.has(identity(listener.route))) continue;
        listener.server.close();
        this.opened.delete(at);
      }
    });
  }

  routes(): readonly Route[] {
    return [...this.opened.values()].map(({ route }) => route);
  }

  close(): Promise<void> {
    this.closed = true;
    return this.retain([]);
  }

  private async openOne(route: Route): Promise<RouteFailure | null> {
    if (this.closed) return { route, code: 'PROXY_CLOSED', message: 'the proxy is shutting down' };
    const holder = this.opened.get(socketOf(route))?.route;
    if (holder !== undefined && identity(holder) === identity(route)) return null;
    if (holder !== undefined) {
      return {
        route,
        code: 'PROXY_ADDRESS_SHARED',
        message: `${socketOf(route)} serves alias ${holder.alias} already; publish a distinct port, or give GLOBALSTACKS_AGENT_MESH_PROXY_BIND a range`,
      };
    }
    try {
      this.opened.set(socketOf(route), { route, server: await this.listen(route) });
      return null;
    } catch (error) {
      return explainFailure(route, error);
    }
  }

  private listen(route: Route): Promise<Server> {
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
}

function socketOf(route: Route): string {
  return `${route.address}:${route.port}`;
}

function identity(route: Route): string {
  return `${route.networkId}/${route.alias} ${socketOf(route)}`;
}
