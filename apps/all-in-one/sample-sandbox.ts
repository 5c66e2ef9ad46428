import { createServer, type ServerResponse } from 'node:http';

/**
 * The sample sandbox: a small HTTP server on 8080 and 9090 of its address. `/` names it, `/bytes?n=` streams n
 * bytes, `/hold` answers with headers and one line and then stays open and silent, and a POST to `/echo` gets its
 * own body back.
 */
const CHUNK = Buffer.alloc(64 * 1024, 'x');
const MAX_BYTES = 64 * 1024 * 1024 * 1024;

const sandbox = process.env.SAMPLE_SANDBOX_ID ?? 'sandbox';
const address = process.env.SAMPLE_SANDBOX_ADDRESS ?? '127.0.0.1';

function stream(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes });
  let left = bytes;
  const push = (): void => {
    while (left > 0) {
      const part = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
      left -= part.length;
      if (!response.write(part)) {
        response.once('drain', push);
        return;
      }
    }
    response.end();
  };
  push();
}

const servers = [8_080, 9_090].map((port) =>
  createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    if (url.pathname === '/bytes') {
      const bytes = Number(url.searchParams.get('n'));
      if (Number.isInteger(bytes) && bytes >= 0 && bytes <= MAX_BYTES) stream(response, bytes);
      else response.writeHead(400).end('n: a number of bytes\n');
    } else if (url.pathname === '/hold') {
      response.writeHead(200, { 'content-type': 'text/plain' });
      response.write('held\n');
    } else if (url.pathname === '/echo') {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      request.pipe(response);
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(`${JSON.stringify({ sandbox })}\n`);
    }
  }).listen(port, address),
);

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
}
