import { listeningSockets } from '#libs/program/listening-sockets.js';
import { bindFault } from '#libs/program/port-owner.js';
import type { Route, RouteFailure } from '../data-plane.js';

/** Why a route's socket could not be bound, for the operator who has to fix it. */
export async function explainFailure<Listening extends Pick<Route, 'address' | 'port'>>(
  route: Listening,
  error: unknown,
): Promise<RouteFailure<Listening>> {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  const where = `${route.address}:${route.port}`;
  switch (code) {
    case 'EADDRINUSE':
      return {
        route,
        code: 'PROXY_ADDRESS_IN_USE',
        message: (await listensOnEveryAddress(route.port))
          ? `${where} is blocked: a process listens on port ${route.port} of every address (0.0.0.0 or ::); make it ` +
            'listen on its own address'
          : `${where} ${await bindFault(route.port, error)}; stop it, or make it listen on another address`,
      };
    case 'EADDRNOTAVAIL':
      return {
        route,
        code: 'PROXY_ADDRESS_NOT_AVAILABLE',
        message: `${where} is not an address of this host; give the host the range of GLOBALSTACKS_AGENT_MESH_PROXY_BIND, or set another`,
      };
    case 'EACCES':
      return {
        route,
        code: 'PROXY_PORT_FORBIDDEN',
        message:
          `the agent may not listen on ${where}: ports below 1024 need CAP_NET_BIND_SERVICE; publish a higher port, ` +
          `such as ${8000 + route.port}`,
      };
    default:
      return {
        route,
        code: 'PROXY_LISTEN_FAILED',
        message: `the agent cannot listen on ${where}: ${error instanceof Error ? error.message : String(error)}`,
      };
  }
}

/** False on systems without the kernel's table. */
async function listensOnEveryAddress(port: number): Promise<boolean> {
  return (await listeningSockets()).some((socket) => socket.port === port && socket.isEveryAddress);
}
