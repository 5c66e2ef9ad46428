import { startDnsServer } from '#libs/data-plane/dns/server.js';
import { benchZone } from './names.js';

// Our server as a separate process: listens on the port in its first argument until its parent disconnects.
const server = await startDnsServer(
  {
    listen: [`127.0.0.1:${process.argv[2]}`],
    upstreams: [],
    forbiddenRanges: [],
    queriesPerSecondPerSource: 10_000_000,
  },
  (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
);
await server.load(benchZone());
process.send?.('ready');
process.on('disconnect', () => void server.close());
