import { parseDiagnoseRequest } from '#libs/contracts/agent-messages.js';
import { BUS_PROTOCOL, type DiagnoseReply } from '#libs/contracts/bus-messages.js';
import { type DiagnosedHost, runChecks } from './checks.js';

/** Answers the control plane's questions about this host. Errors: those of parseDiagnoseRequest. */
export async function diagnose(host: DiagnosedHost, message: unknown): Promise<DiagnoseReply> {
  const request = parseDiagnoseRequest(message);
  if (request.kind === 'checks') {
    return { protocol: BUS_PROTOCOL, kind: 'checks', checks: await runChecks(host, request) };
  }
  const applied = host.applied(request.networkId);
  const record = host
    .zone()
    ?.networks.find(({ name }) => name === applied?.snapshot.name)
    ?.records.find(({ alias }) => alias === request.alias);
  return {
    protocol: BUS_PROTOCOL,
    kind: 'resolve',
    address: record?.address ?? null,
    version: applied?.snapshot.version ?? null,
  };
}
