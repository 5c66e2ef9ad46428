import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import type { DnsServerEvent } from '#libs/data-plane/dns/server.js';
import type { AgentLog } from '../foundation/log.js';

/** Logs each sandbox that the driver refuses, once as long as the reason stays the same. Returns `now`. */
export function reportRefusals(
  log: AgentLog,
  before: readonly RefusedSandbox[],
  now: readonly RefusedSandbox[],
): readonly RefusedSandbox[] {
  const told = new Set(before.map((refusal) => JSON.stringify(refusal)));
  for (const refusal of now) {
    const { name, sandboxId, code, message, remedy } = refusal;
    if (!told.has(JSON.stringify(refusal)))
      log.warn({ name, sandboxId, code, reason: message, remedy }, 'a container or link cannot become a sandbox');
  }
  return now;
}

export function reportMesh(log: AgentLog, state: MeshState): void {
  if (state.state !== 'joined') log.error(state, 'not in the mesh');
  else if (state.code === null) log.info(state, 'joined the mesh');
  else log.warn(state, 'joined the mesh, but with a fault');
}

export function reportDns(log: AgentLog, event: DnsServerEvent): void {
  switch (event.kind) {
    case 'worker-died':
      log.error(event, 'the DNS worker ended; starting it again');
      break;
    case 'worker-restarted':
      log.info(event, 'DNS worker started again');
      break;
    case 'listen-failed':
      log.error(event, 'DNS cannot listen');
      break;
    case 'listen-recovered':
      log.info(event, 'DNS listens again');
      break;
    case 'upstream-silent':
      log.warn(event, 'an upstream resolver does not answer; it is not used until it answers a probe');
      break;
    case 'upstream-answers':
      log.info(event, 'upstream resolver answers again');
  }
}
