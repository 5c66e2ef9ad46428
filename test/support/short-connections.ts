/**
 * Makes many concurrent short connections, and prints as JSON how many failed by which error, and how many were made a
 * second in each part of them: `node -e … host port total parts`. The client sends a word and ends first; with `last`,
 * the server does.
 */
export const SHORT_CONNECTIONS = `
const net = require('node:net');
const [host, port, total, parts, ends] = process.argv.slice(1);
const AT_ONCE = 20;
const errors = {};
const rates = [];
let begun = 0;
let done = 0;
let partBegun = performance.now();
function one() {
  if (begun === Number(total)) return;
  begun += 1;
  let received = 0;
  let error = null;
  const socket = net.connect({ host, port: Number(port), noDelay: true, allowHalfOpen: true });
  socket.on('connect', () => (ends === 'last' ? socket.write('word') : socket.end('word')));
  socket.on('data', (bytes) => { received += bytes.length; });
  socket.on('end', () => socket.end());
  socket.on('error', ({ code }) => { error = code; });
  socket.on('close', () => {
    const failure = error ?? (received === 4 ? null : 'EMPTY');
    if (failure !== null) errors[failure] = (errors[failure] ?? 0) + 1;
    done += 1;
    if (done % (total / parts) === 0) {
      const now = performance.now();
      rates.push(Math.round((total / parts / (now - partBegun)) * 1000));
      partBegun = now;
    }
    one();
  });
}
for (let count = 0; count < AT_ONCE; count += 1) one();
process.on('exit', () => process.stdout.write(JSON.stringify({ errors, rates })));
`;
