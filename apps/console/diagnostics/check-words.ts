import type { CheckDto } from '#libs/api-client/generated/types.gen.js';

/** The checks in display order; rows never move. */
const WORDS: { readonly [code in CheckDto['code']]: string } = {
  MESH_JOINED: 'Joined the mesh',
  TOPOLOGY_APPLIED: 'Version applied',
  DNS_LOADED: 'DNS records loaded',
  ROUTE_PRESENT: 'Alias and port has a route',
  POLICY: 'Policy allows or denies',
  USES_AGENT_DNS: 'Sandbox asks its agent for names',
  PEER_REACHED: 'Other agent is reached',
  NAME_RESOLVES: 'Name outside resolves',
  TARGET_ACCEPTS: 'Target accepts a connection',
  ISOLATED: 'Isolation holds',
};

export const CHECKS: readonly (readonly [code: string, words: string])[] = Object.entries(WORDS);
