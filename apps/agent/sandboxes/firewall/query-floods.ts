import { QUERY_BURST_SECONDS } from '#libs/data-plane/dns/rate-limit.js';

/**
 * Queries above a sandbox's rate are dropped. A sandbox is flooding if these drops exceed this share of its rate per
 * second, and a second's worth of its rate at once. A client that waits for answers repeats a lost query after 5 s, so
 * with a rate of 5,000 this takes 6,250 such clients of one sandbox.
 */
const FLOODING_ABOVE_SHARE = 0.25;
const FLOODING_ABOVE_BURST_SECONDS = 1;
/** A flooding sandbox gets this share of its rate until its drops have been fewer for a while. */
const FLOODING_SHARE = 0.05;
const FLOODING_FOR_SECONDS = 5;
const MOST_SOURCES = 65_535;

const SOURCE = 'iifname . ip saddr';

/**
 * Queries over UDP above a sandbox's rate are dropped by the kernel, because reading and dropping a packet would cost
 * the agent almost as much as an answer. A program that waits for answers is thereby slowed to its rate; one that goes
 * on gets almost nothing until it stops. Over TCP the agent counts itself, and can stop reading.
 */
export function queryFloodSets(queriesPerSecond: number): string {
  const perSecond = Math.ceil(queriesPerSecond * FLOODING_ABOVE_SHARE);
  const burst = Math.ceil(queriesPerSecond * FLOODING_ABOVE_BURST_SECONDS);
  return `  set queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set excess_queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  set flooding { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout ${FLOODING_FOR_SECONDS}s; }
  set flooding_queries { typeof ${SOURCE}; size ${MOST_SOURCES}; flags dynamic,timeout; timeout 10s; }
  chain excess_queries {
    update @excess_queries { ${SOURCE} limit rate over ${perSecond}/second burst ${burst} packets } update @flooding { ${SOURCE} }
    counter drop
  }
`;
}

/** Rules for the chain that sees packets before connection tracking. */
export function queryFloodRules(queriesPerSecond: number): string {
  const slowed = Math.ceil(queriesPerSecond * FLOODING_SHARE);
  return `    udp dport 53 update @queries { ${SOURCE} limit rate over ${queriesPerSecond}/second burst ${queriesPerSecond * QUERY_BURST_SECONDS} packets } goto excess_queries
    udp dport 53 ${SOURCE} @flooding update @flooding_queries { ${SOURCE} limit rate over ${slowed}/second burst ${slowed} packets } counter drop`;
}
