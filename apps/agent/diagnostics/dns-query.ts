import { createSocket } from 'node:dgram';
import { encode, RECURSION_DESIRED } from 'dns-packet';
import { setDeadline } from '#libs/async/deadline.js';

const TIMEOUT_MS = 500;
const RESPONSE_CODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/**
 * Asks a DNS listener for a name over UDP, from this host itself. Resolves with the response code, or null without an
 * answer. The host is no sandbox, so a correct listener answers REFUSED.
 */
export function queryDns(address: string, port: number, name: string, id: number): Promise<string | null> {
  const packet = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const answered = new Promise<string | null>((resolve) => {
    const finish = (answer: string | null) => {
      cancel();
      resolve(answer);
    };
    const cancel = setDeadline(TIMEOUT_MS, () => finish(null));
    socket.on('error', () => finish(null));
    socket.on('message', (answer) => {
      if (answer.length < 12 || answer.readUInt16BE(0) !== id) return;
      finish(RESPONSE_CODES[answer.readUInt16BE(2) & 0x0f] ?? 'OTHER');
    });
    socket.connect(port, address, () => socket.send(packet));
  });
  return answered.finally(() => socket.close());
}
