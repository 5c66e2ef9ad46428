import type { CounterName } from './counters.js';
import type { Handled, Handler } from './handler.js';
import { RCODE } from './protocol.js';

const RCODE_BITS = 0x0f;

const BY_RCODE: ReadonlyMap<number, CounterName> = new Map([
  [RCODE.NOERROR, 'answeredNoError'],
  [RCODE.NXDOMAIN, 'answeredNameError'],
  [RCODE.SERVFAIL, 'answeredServerFailure'],
  [RCODE.REFUSED, 'answeredRefused'],
]);

/** Counts each answer by its response code (RFC 1035, section 4.1.1). */
export function countAnswers(handler: Handler, count: (name: CounterName) => void): Handler {
  const counted = (answer: Buffer): Buffer => {
    count(BY_RCODE.get((answer[3] ?? 0) & RCODE_BITS) ?? 'answeredOtherwise');
    return answer;
  };
  return {
    handle(packet, source, transport): Handled {
      const answer = handler.handle(packet, source, transport);
      if (answer === null) return null;
      return answer instanceof Promise ? answer.then(counted) : counted(answer);
    },
  };
}
