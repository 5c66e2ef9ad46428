import { admitsNamedPeers } from './conformance/admission.js';
import { carriesBytes } from './conformance/bytes.js';
import { deliversBeforeResets } from './conformance/deliveries.js';
import type { TransportFactory } from './conformance/mesh.js';
import { answersProbes } from './conformance/probes.js';
import { withstandsRawHttp2 } from './conformance/raw-http2.js';
import { carriesResets } from './conformance/resets.js';
import { keepsSessions } from './conformance/sessions.js';
import { noticesSilence } from './conformance/silence.js';
import { provesIdentity } from './conformance/trust.js';

/** The behaviour of a mesh over any transport. Each transport runs this suite, and may add its own tests. */
export function meshConformance(name: string, newTransport: TransportFactory): void {
  describe(`mesh over ${name}`, () => {
    carriesBytes(newTransport);
    carriesResets(newTransport);
    deliversBeforeResets(newTransport);
    provesIdentity(newTransport);
    admitsNamedPeers(newTransport);
    withstandsRawHttp2(newTransport);
    noticesSilence(newTransport);
    keepsSessions(newTransport);
    answersProbes(newTransport);
  });
}
