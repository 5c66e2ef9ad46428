import { QUERY_BURST_SECONDS } from '#libs/data-plane/dns/rate-limit.js';

/** A sandbox that sends this many times its rate, and goes on without answers, is flooding. */
const FLOOD_FACTOR = 2;
/** A flooding sandbox gets this share of its rate until it has sent less for a while. */
const FLOODING_SHARE = 0.05;
const FLOODING_FOR_SECONDS = 5;
const MOST_SOURCES = 65_535;

const SOURCE = 'iifname . ip saddr';

/**
 * Queries over UDP above a sandbox's rate are dropped by the kernel, because reading and dropping a packet would cost
 * the agent almost as much as an answer. A program that waits for answers is thereby slowed to its rate; one that goes
 * on gets almost nothing until it stops. Over TCP the agent counts itself, and can stop reading.
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
