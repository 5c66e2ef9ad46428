export const RECORD_TYPES = ['A', 'AAAA', 'HTTPS', 'SVCB', 'TXT', 'MX', 'SRV', 'CNAME', 'NS', 'SOA', 'CAA', 'ANY'];

/**
 * Asks the resolver of /etc/resolv.conf for many random names over UDP, and 100 over TCP, and prints how many got
 * NXDOMAIN: `node -e … 10000`.
 */
export const ASK_RANDOM_NAMES = `
  const [count] = process.argv.slice(1);
  const dns = require('node:dns/promises');
  const net = require('node:net');
  const [server] = dns.getServers();
  const name = () => Math.random().toString(36).slice(2) + '.' + Math.random().toString(36).slice(2, 6) + '.com';
  const resolver = new dns.Resolver({ timeout: 5000, tries: 2 });
  let absent = 0;
  const overUdp = () => resolver.resolve4(name()).catch((error) => { if (error.code === 'ENOTFOUND') absent += 1; });
  const overTcp = () => new Promise((resolve) => {
    const labels = name().split('.').map((label) => Buffer.from(String.fromCharCode(label.length) + label));
    const header = Buffer.from('000101000001000000000000', 'hex');
    const query = Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
    const length = Buffer.from([query.length >> 8, query.length & 255]);
    const socket = net.connect(53, server, () => socket.write(Buffer.concat([length, query])));
    socket.on('data', (answer) => { if ((answer[5] & 15) === 3) absent += 1; socket.destroy(); resolve(); });
    socket.on('error', resolve);
  });
  (async () => {
    for (let left = count; left > 0; left -= 200) await Promise.all(Array.from({ length: 200 }, overUdp));
    for (let left = 100; left > 0; left -= 10) await Promise.all(Array.from({ length: 10 }, overTcp));
    console.log(absent);
  })();
`;
