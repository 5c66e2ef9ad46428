import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';

/**
 * The address of this host from which it reaches the control plane, found without sending anything: what peers are told
 * when the transport `direct` listens on all addresses. null: there is no route there, or its name is unknown now.
 */
export function ownHostTowards({ hostname, port, protocol }: URL): Promise<string | null> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const done = (address: string | null): void => {
      socket.close();
      resolve(address);
    };
    socket.once('error', () => done(null));
    socket.once('connect', () => done(socket.address().address));
    socket.connect(Number(port) || (protocol === 'https:' ? 443 : 80), host);
  });
}

/** The interface by which this host reaches the control plane. null: as `ownHostTowards`. */
export async function uplinkTowards(controlPlane: URL): Promise<string | null> {
  const own = await ownHostTowards(controlPlane);
  const interfaces = Object.entries(networkInterfaces());
  const [name] = interfaces.find(([, addresses = []]) => addresses.some(({ address }) => address === own)) ?? [];
  return name ?? null;
}
