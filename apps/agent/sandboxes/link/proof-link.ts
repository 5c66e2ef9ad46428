import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import type { FilteredLink } from '../firewall/link-rules.js';
import type { ForbiddenDials, HostService, Unseen } from '../inspection/inspection.js';
import { dialForbiddenFrom } from '../inspection/namespace-inspection.js';
import { ALREADY_GONE, ipInOrder, ipObjects, ipUnless, runTool, writeInsideOf } from '../ip-command.js';

/** The host's end. Guests' links cannot have this name, and guests cannot have link-local addresses. */
export const PROOF_INTERFACE = 'gs-proof';
const ADDRESS = '169.254.76.80';
const INSIDE = 'eth0';
/** One program sends a datagram to each. */
const MOST_GUESTS = 1_000;
const COUNT_FOR_MS = 10_000;
const ENDED_WITHIN_MS = 5_000;
/** Runs until the agent's end of its standard input is closed, also when the agent is killed. */
const HOLD = ['--net', 'sh', '-c', 'echo ready; exec cat'];

interface DialsOfAll {
  readonly atMs: number;
  readonly guests: ReadonlySet<string>;
  readonly dials: Promise<Unseen | ForbiddenDials>;
}

/**
 * A link of the agent's own, closed by the same rules as those of guests. What no guest may reach is dialled from it,
 * because the agent cannot look into a guest. It is made for the first dial, and removed when the agent ends.
 */
export class ProofLink {
  private holder: Promise<ChildProcess> | null = null;
  private last: DialsOfAll | null = null;

  constructor(private readonly agentAddress: string) {}

  /** As the rules need it. */
  get filtered(): FilteredLink {
    return {
      link: PROOF_INTERFACE,
      sandboxAddress: ADDRESS,
      sandboxAddress6: null,
      resolver: this.agentAddress,
    };
  }

  /**
   * Dials all guests and these services of the host. The result is reused for ten seconds for guests that it covers.
   * Unseen: the link cannot be made.
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

  /** The process whose network namespace has the other end. */
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
  // Left by an agent that was just killed, or made by hand.
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
    // Without duplicate address detection, IPv6 works as soon as the link is up.
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

/** The host end's link-local address, with its zone at the other end; null: the host has no IPv6. */
async function linkLocalAddress(): Promise<string | null> {
  const [link] = await ipObjects('-6', 'address', 'show', 'dev', PROOF_INTERFACE, 'scope', 'link');
  const [found] = Array.isArray(link?.addr_info) ? link.addr_info : [];
  return typeof found?.local === 'string' ? `${found.local}%${INSIDE}` : null;
}
