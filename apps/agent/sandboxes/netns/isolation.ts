import { readFileSync, writeFileSync } from 'node:fs';
import { CodedError } from '#libs/contracts/errors.js';
import { ALREADY_GONE, ALREADY_THERE, ip, ipUnless } from '../ip-command.js';

/** A setting of the host lets a sandbox forge its source. */
export class SourceCheckLooseError extends CodedError {}

/**
 * Rules come right after the table of local addresses, so that a sandbox reaches the agent and nothing behind it,
 * however the host routes and whether or not it forwards. The agent's own packets carry iif lo.
 */
const OWN_TRAFFIC_PREFERENCE = '10';
const FORWARDED_IN_PREFERENCE = '11';
const FORWARDED_OUT_PREFERENCE = '12';

const FAMILIES = ['-4', '-6'] as const;

/** Refuses a host whose global rp_filter is loose: the larger of it and a link's own is what counts. */
export function requireStrictSources(): void {
  const value = readFileSync('/proc/sys/net/ipv4/conf/all/rp_filter', 'utf8').trim();
  if (value !== '2') return;
  throw new SourceCheckLooseError(
    'SOURCE_CHECK_LOOSE',
    'net.ipv4.conf.all.rp_filter is 2 (loose), so that a sandbox could use the address of another',
    'sysctl -w net.ipv4.conf.all.rp_filter=1',
  );
}

/** Nothing from outside this host is forwarded into the sandboxes' ranges. */
export async function closeRanges(range: string, range6: string): Promise<void> {
  for (const [family, to] of [
    ['-4', range],
    ['-6', range6],
  ] as const) {
    const own = ['pref', OWN_TRAFFIC_PREFERENCE, 'iif', 'lo', 'to', to, 'lookup', 'main'];
    await ipUnless(ALREADY_THERE, family, 'rule', 'add', ...own);
    await ipUnless(ALREADY_THERE, family, 'rule', 'add', 'pref', FORWARDED_IN_PREFERENCE, 'to', to, 'unreachable');
  }
}

export async function reopenRanges(range: string, range6: string): Promise<void> {
  for (const [family, to] of [
    ['-4', range],
    ['-6', range6],
  ] as const) {
    await ipUnless(ALREADY_GONE, family, 'rule', 'del', 'pref', FORWARDED_IN_PREFERENCE, 'to', to);
    await ipUnless(ALREADY_GONE, family, 'rule', 'del', 'pref', OWN_TRAFFIC_PREFERENCE, 'iif', 'lo', 'to', to);
  }
}

/**
 * Nothing that comes in on the link is forwarded anywhere, and its source is that of the link. To be called before
 * the link goes up; a rule outlives its link and holds again for one of the same name.
 */
export async function closeLink(link: string): Promise<void> {
  for (const family of FAMILIES) {
    const rule = ['pref', FORWARDED_OUT_PREFERENCE, 'iif', link, 'unreachable'];
    await ipUnless(ALREADY_THERE, family, 'rule', 'add', ...rule);
  }
  const settings: readonly (readonly [string, string])[] = [
    ['ipv4/conf', 'rp_filter=1'],
    ['ipv4/conf', 'forwarding=0'],
    ['ipv4/conf', 'proxy_arp=0'],
    ['ipv4/conf', 'accept_redirects=0'],
    ['ipv4/conf', 'send_redirects=0'],
    ['ipv4/conf', 'route_localnet=0'],
    ['ipv6/conf', 'accept_ra=0'],
    ['ipv6/conf', 'accept_redirects=0'],
    ['ipv6/conf', 'proxy_ndp=0'],
  ];
  for (const [family, setting] of settings) {
    const [name = '', value = ''] = setting.split('=');
    writeFileSync(`/proc/sys/net/${family}/${link}/${name}`, value);
  }
}

/** Takes back what closeLink did, after the link is gone. */
export async function forgetLink(link: string): Promise<void> {
  for (const family of FAMILIES) {
    await ipUnless(ALREADY_GONE, family, 'rule', 'del', 'pref', FORWARDED_OUT_PREFERENCE, 'iif', link);
  }
}

/** Makes a range local, so that listeners may bind every address of it. */
export async function makeLocal(range: string): Promise<void> {
  await ip('link', 'set', 'lo', 'up');
  await ip('route', 'replace', 'local', range, 'dev', 'lo');
}

export async function makeForeign(range: string): Promise<void> {
  await ipUnless(ALREADY_GONE, 'route', 'del', 'local', range, 'dev', 'lo');
}
