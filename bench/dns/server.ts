import { startBenchServer } from './bench-server.js';

// Our server as a separate process: listens on the port in its first argument until its parent disconnects.
const server = await startBenchServer(process.argv[2] ?? '');
process.send?.('ready');
process.on('disconnect', () => void server.close());
