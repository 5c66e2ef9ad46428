import { expect } from 'chai';
import { silentIn } from '#libs/data-plane/flows/silent-connections.js';

const LOCAL = '0100007F:1F90';
const REMOTE = '0200007F:9C40';

/** A line of /proc/net/tcp with these columns. */
function line(timer: string, retransmitted: string, probed: number): string {
  return `   3: ${LOCAL} ${REMOTE} 01 00000064:00000000 ${timer}:00000012 ${retransmitted}     0        ${probed} 12345 2 0 26 4 1 10 -1`;
}

describe('a connection whose other side does not answer', () => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ['bytes were sent again seven times', line('01', '00000007', 0), true],
    ['bytes were sent again sixteen times', line('01', '00000010', 0), true],
    ['bytes were sent again six times', line('01', '00000006', 0), false],
    ['its window was probed seven times without an answer', line('04', '00000000', 7), true],
    ['its window was probed, and it answered', line('04', '00000000', 0), false],
    ['it is idle, and keepalive looks after it', line('02', '00000000', 7), false],
    ['it waits for nothing', line('00', '00000007', 7), false],
    [
      'the line is the head of the table',
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt',
      false,
    ],
    ['the line is empty', '', false],
  ];
  for (const [what, text, isSilent] of rows) {
    it(`is ${isSilent ? '' : 'not '}one where ${what}`, () => {
      expect(silentIn(text)).to.equal(isSilent ? `${LOCAL} ${REMOTE}` : null);
    });
  }
});
