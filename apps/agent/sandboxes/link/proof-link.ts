import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import type { FilteredLink } from '../firewall/link-rules.js';
import type { ForbiddenDials, HostService, Unseen } from '../inspection/inspection.js';
import { dialForbiddenFrom } from '../inspection/namespace-inspection.js';
import { ALREADY_GONE, ipInOrder, ipObjects, ipUnless, runTool, writeInsideOf } from '../ip-command.js';

/** The host's end. No guest's link may have this name, and none can have a link-local address. */
export const PROOF_INTERFACE = 'gs-proof';
const ADDRESS = '169.254.76.80';
const INSIDE = 'eth0';
/** Each is a datagram of one program. */
const MOST_GUESTS = 1_000;
const COUNT_FOR_MS = 10_000;
const ENDED_WITHIN_MS = 5_000;
/** Runs until the agent's end of its standard input is closed, which a killed agent's is too. */
const HOLD = ['--net', 'sh', '-c', 'echo ready; exec cat'];

interface DialsOfAll {
  readonly atMs: number;
  readonly guests: ReadonlySet<string>;
  readonly dials: Promise<Unseen | ForbiddenDials>;
}

/**
 * A link of the agent's own, beside those of the guests and closed by the same rules, from which what no guest may
 * reach is dialled: the agent cannot look into a guest. It is made for the first dial, and vanishes with the agent.
 */
export class ProofLink {
  private holder: Promise<ChildProcess> | null = null;
  private last: DialsOfAll | null = null;

  constructor(private readonly agentAddress: string) {}

  /** As the rules have it. */
  get filtered(): FilteredLink {
    return {
      link: PROOF_INTERFACE,
      sandboxAddress: ADDRESS,
      sandboxAddress6: null,
      resolver: this.agentAddress,
    };
  }

  /**
   * Dials all guests, and these services of the host; for a guest that the last dials were for too, they count for ten
   * seconds. Unseen: the link cannot be made.
   */
  dial(
    guest: string,
    guests: readonly string[],
    services: readonly HostService[],
    signal: AbortSignal,
  ): Promise<Unseen | ForbiddenDials> {
    const isRecent = this.last !== null && performance.now() - this.last.atMs < COUNT_FOR_MS;
    if (this.last !== null && isRecent && this.last.guests.has(guest)) return this.last.dials;
    const all = guests.slice(0, MOST_GUESTS);
    const dials = this.dialAll(all.includes(guest) ? all : [guest, ...all], services, signal);
    this.last = { atMs: performance.now(), guests: new Set(all).add(guest), dials };
    return dials;
  }

  private async dialAll(
    guests: readonly string[],
    services: readonly HostService[],
    signal: AbortSignal,
  ): Promise<Unseen | ForbiddenDials> {
    let pid: number;
    try {
      pid = await this.ready();
    } catch (error) {
      return { kind: 'unseen', reason: `no link to try it from: ${error instanceof Error ? error.message : error}` };
    }
    const inside = {
      enter: enter(pid),
      agentResolver: this.agentAddress,
      hostAddress6: await linkLocalAddress(),
      neighbours: guests,
    };
    const who = "a link of the agent's own under the same rules";
    return { ...(await dialForbiddenFrom(inside, services, who, signal)), madeFor: new Set(guests) };
  }

  async close(): Promise<void> {
    const holder = await this.holder?.catch(() => null);
    holder?.kill('SIGKILL');
    await ipUnless(ALREADY_GONE, 'link', 'del', PROOF_INTERFACE);
  }

  /** The process whose network namespace is at the other end. */
  private async ready(): Promise<number> {
    const held = await this.holder?.catch(() => null);
    const isThere = held?.pid !== undefined && held.exitCode === null && held.signalCode === null;
    if (isThere && existsSync(`/proc/sys/net/ipv4/conf/${PROOF_INTERFACE}`) && held?.pid !== undefined) return held.pid;
    held?.kill('SIGKILL');
    this.holder = make(this.agentAddress);
    const { pid } = await this.holder;
    if (pid === undefined) throw new Error('unshare has no process id');
    return pid;
  }
}

async function make(agentAddress: string): Promise<ChildProcess> {
  // Left by an agent that was killed a moment ago, or by hand.
  await ipUnless(ALREADY_GONE, 'link', 'del', PROOF_INTERFACE);
  const holder = spawn('unshare', HOLD, { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    const ended = once(holder, 'exit').then(() => Promise.reject(new Error('unshare --net was refused')));
    await Promise.race([
      once(holder.stdout, 'data'),
      ended,
      once(holder, 'error').then(([error]) => Promise.reject(error)),
    ]);
    ended.catch(() => {});
    const { pid = 0 } = holder;
    await ipInOrder([], [`link add ${PROOF_INTERFACE} type veth peer name ${INSIDE} netns ${pid}`]);
    // Without a wait for duplicates, IPv6 is there as soon as the link is.
    await withoutDuplicateCheck(pid);
    await ipInOrder([], [`link set ${PROOF_INTERFACE} up`, `route replace ${ADDRESS}/32 dev ${PROOF_INTERFACE}`]);
    const signal = AbortSignal.timeout(ENDED_WITHIN_MS);
    for (const command of [
      ['link', 'set', INSIDE, 'up'],
      ['address', 'add', `${ADDRESS}/32`, 'dev', INSIDE],
      ['route', 'add', agentAddress, 'dev', INSIDE],
      ['route', 'add', 'default', 'via', agentAddress, 'dev', INSIDE],
    ]) {
      await runTool([...enter(pid), 'ip', ...command], signal);
    }
    return holder;
  } catch (error) {
    holder.kill('SIGKILL');
    throw error;
  }
}

function enter(pid: number): readonly string[] {
  return ['nsenter', `--net=/proc/${pid}/ns/net`];
}

/** A host without IPv6 has no such setting. */
async function withoutDuplicateCheck(pid: number): Promise<void> {
  const setting = (link: string) => `/proc/sys/net/ipv6/conf/${link}/accept_dad`;
  if (!existsSync(setting(PROOF_INTERFACE))) return;
  writeFileSync(setting(PROOF_INTERFACE), '0');
  await writeInsideOf(pid, setting(INSIDE), '0');
}

/** Of the host's end, with the zone that it has at the other; null: the host has no IPv6. */
async function linkLocalAddress(): Promise<string | null> {
  const [link] = await ipObjects('-6', 'address', 'show', 'dev', PROOF_INTERFACE, 'scope', 'link');
  const [found] = Array.isArray(link?.addr_info) ? link.addr_info : [];
  return typeof found?.local === 'string' ? `${found.local}%${INSIDE}` : null;
}
