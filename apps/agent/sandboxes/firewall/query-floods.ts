import { QUERY_BURST_SECONDS } from '#libs/data-plane/dns/rate-limit.js';

/** Who asks so many times faster than it may, and goes on although it gets no answers, waits for none. */
const FLOOD_FACTOR = 2;
/** What such a sandbox gets of its rate, until it has asked less for so long. */
const FLOODING_SHARE = 0.05;
const FLOODING_FOR_SECONDS = 5;
const MOST_SOURCES = 65_535;

const SOURCE = 'iifname . ip saddr';

/**
 * What a sandbox asks beyond its rate over UDP is dropped before the agent is woken for it: to read a packet and drop
 * it costs the agent nearly what an answer does. A program that waits for its answers is slowed by that to what it may
 * ask. One that goes on gets next to nothing until it stops. Over TCP the agent itself counts, and need not read on.
 */
export const queryFloodSets = `  set queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set all_queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set flooding { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout ${FLOODING_FOR_SECONDS}s; }
  set flooding_queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
`;

/** Rules for the input chain, before those that accept. */
export function queryFloodRules(queriesPerSecond: number): string {
  const over = (share: number, burstSeconds: number): string => {
    const perSecond = Math.ceil(queriesPerSecond * share);
    return `${SOURCE} limit rate over ${perSecond}/second burst ${perSecond * burstSeconds} packets`;
  };
  return `    udp dport 53 update @all_queries { ${over(FLOOD_FACTOR, QUERY_BURST_SECONDS)} } update @flooding { ${SOURCE} }
    udp dport 53 ${SOURCE} @flooding update @flooding_queries { ${over(FLOODING_SHARE, 1)} } counter drop
    udp dport 53 update @queries { ${over(1, QUERY_BURST_SECONDS)} } counter drop`;
}
