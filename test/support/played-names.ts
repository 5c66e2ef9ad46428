import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { decode, encode } from 'dns-packet';

/** A UDP resolver that knows these names, each with one IPv4 address; other names have none. */
export async function playNames(at: string, names: ReadonlyMap<string, string>): Promise<{ close(): Promise<void> }> {
  const [address = '', port] = at.split(':');
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    const { id = 0, questions = [] } = decode(packet);
    const [question] = questions;
    const data = names.get(question?.name.toLowerCase() ?? '');
    const answers =
      question?.type === 'A' && data !== undefined ? [{ type: 'A' as const, name: question.name, ttl: 0, data }] : [];
    const flags = 0x0180 | (data === undefined ? 3 : 0);
    socket.send(encode({ type: 'response', id, flags, questions, answers }), from.port, from.address);
  });
  await once(socket.bind(Number(port), address), 'listening');
  return {
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

/**
 * A server that sends a greeting, and then sends without end if a download is requested, or waits for the next request.
 */
export async function playServer(address: string, port: number): Promise<Server> {
  const serve = (socket: Socket): void => {
    let sending: NodeJS.Timeout | undefined;
    socket.on('error', () => {});
    socket.on('close', () => clearInterval(sending));
    socket.on('data', (asked) => {
      if (String(asked) === 'download') sending ??= setInterval(() => socket.write('x'.repeat(10_000)), 20);
      else socket.write(`answer to ${asked}`);
    });
    socket.write('ready');
  };
  const server = createServer(serve).listen(port, address);
  await once(server, 'listening');
  return server;
}
