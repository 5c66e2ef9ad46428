import { startBenchServer } from '../dns/bench-server.js';

// One host in one process, as an agent is: the proxy of the backend whose port is the first argument, which sends its
// own port, and DNS at the port that is the second.
const server = await startBenchServer(process.argv[3] ?? '');
process.on('disconnect', () => void server.close());
await import('../proxy/host.js');
