import { directTransport } from '#libs/mesh/direct-transport.js';
import { freePort } from '#test/support/ports.js';
import { meshConformance } from './conformance.js';

const ports = new Map<string, number>();

meshConformance('direct', async (nodeName) => {
  const port = ports.get(nodeName) ?? (await freePort());
  ports.set(nodeName, port);
  return directTransport({ listen: `127.0.0.1:${port}` });
});
