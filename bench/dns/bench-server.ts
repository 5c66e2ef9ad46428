import { startDnsServer } from '#libs/data-plane/dns/server.js';
import { benchZone } from './names.js';

/** Our server on this port of 127.0.0.1, with the names of the benches. */
export async function startBenchServer(port: string) {
  const server = await startDnsServer(
    { listen: [`127.0.0.1:${port}`], upstreams: [], forbiddenRanges: [], queriesPerSecondPerSource: 10_000_000 },
    (event) => process.stderr.write(`${JSON.stringify(event)}\n`),
  );
  await server.load(benchZone());
  return server;
}
