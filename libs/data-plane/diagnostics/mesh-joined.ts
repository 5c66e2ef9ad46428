import { X509Certificate } from 'node:crypto';
import type { Check } from '#libs/contracts/bus/checks.js';
import { fail, pass } from '#libs/contracts/bus/checks.js';
import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';

/** Checks that this host is in the mesh, with a certificate that is valid by its own clock. `certificate` is PEM. */
export function checkMeshJoined(mesh: MeshState, certificate: string, now: Date): Check {
  const { state, transport, code, message, endpoints } = mesh;
  if (state !== 'joined') {
    const reason = code === null ? '' : ` (${code}): ${message ?? 'no reason given'}`;
    return fail('MESH_JOINED', `${state}${reason}`, meshRemedy(code) ?? 'wait a moment and test again');
  }
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  if (now < validFromDate || now >= validToDate) {
    const validity = `${validFromDate.toISOString()} to ${validToDate.toISOString()}`;
    return fail(
      'MESH_JOINED',
      `joined by ${transport}, but its certificate is valid from ${validity}, and its clock shows ${now.toISOString()}`,
      "set the clock of that host; if the clock is right, read the agent's log for why its credentials were not " +
        'renewed',
    );
  }
  const where = endpoints.length === 0 ? '' : ` at ${endpoints.join(', ')}`;
  const fault = code === null ? '' : `, with a fault (${code}): ${message ?? 'no reason given'}`;
  return pass('MESH_JOINED', `joined by ${transport}${where}${fault}`);
}
