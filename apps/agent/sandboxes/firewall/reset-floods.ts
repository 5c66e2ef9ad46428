/** Resets per second, and in a burst, that a sandbox may send to the proxy before its connections are slowed. */
const RESETS_PER_SECOND = 200;
const RESETS_AT_ONCE = 400;
/** Connections per second, and in a burst, that a slowed sandbox may open. */
const SLOWED_PER_SECOND = 20;
const SLOWED_AT_ONCE = 5;
/** A sandbox is slowed until it has sent fewer resets than this, per second and in a burst, for a while. */
const CALM_RESETS_PER_SECOND = 5;
const SLOWED_FOR_SECONDS = 5;
const MOST_SOURCES = 65_535;

const SOURCE = 'iifname . ip saddr';

/**
 * A client that connects and resets at once is gone before the agent has accepted it. The connection then has no
 * address any more, so only the kernel can tell which sandbox to slow. A sandbox that keeps resetting its connections
 * gets new ones slowly for a while: the kernel drops its SYN packets above the limit, and its clients retry (RFC 6298).
 * Connections that end with FIN are never counted.
 */
export const resetFloodSets = `  set resets { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set slowed { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout ${SLOWED_FOR_SECONDS}s; }
  set slowed_resets { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set slowed_opens { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
`;

/** Rules for the chain that sees packets before connection tracking. */
export function resetFloodRules(proxyRange: string): string {
  const over = (perSecond: number, atOnce = perSecond): string =>
    `${SOURCE} limit rate over ${perSecond}/second burst ${atOnce} packets`;
  const reset = `ip daddr ${proxyRange} tcp flags & rst == rst`;
  const slow = `update @slowed { ${SOURCE} }`;
  return `    ${reset} update @resets { ${over(RESETS_PER_SECOND, RESETS_AT_ONCE)} } ${slow}
    ${reset} ${SOURCE} @slowed update @slowed_resets { ${over(CALM_RESETS_PER_SECOND)} } ${slow}
    tcp flags & (fin | syn | rst | ack) == syn ${SOURCE} @slowed update @slowed_opens { ${over(SLOWED_PER_SECOND, SLOWED_AT_ONCE)} } drop`;
}
