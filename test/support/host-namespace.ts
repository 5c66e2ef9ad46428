import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** As many as one octet of a link's address can distinguish. */
const HOSTS = 250;

export interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** A network namespace that acts as a host, with a link to this machine; it forwards everything. */
export class HostNamespace {
  private constructor(
    readonly name: string,
    /** This machine's address on the link. */
    readonly machine: string,
    /** The host's. */
    readonly address: string,
  ) {}

  static async make(): Promise<HostNamespace> {
    const number = await takeNumber();
    const link = `10.201.${number}`;
    const host = new HostNamespace(nameOf(number), `${link}.1`, `${link}.2`);
    await ip('link', 'add', host.name, 'type', 'veth', 'peer', 'name', 'uplink', 'netns', host.name);
    await ip('address', 'add', `${host.machine}/24`, 'dev', host.name);
    await ip('-6', 'address', 'add', `fd01:${number}::1/64`, 'dev', host.name, 'nodad');
    await ip('link', 'set', host.name, 'up');
    await ip('-n', host.name, 'address', 'add', `${host.address}/24`, 'dev', 'uplink');
    await ip('-n', host.name, '-6', 'address', 'add', `fd01:${number}::2/64`, 'dev', 'uplink', 'nodad');
    await ip('-n', host.name, 'link', 'set', 'uplink', 'up');
    await ip('-n', host.name, 'link', 'set', 'lo', 'up');
    await inside(host.name, 'sysctl', '-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
    return host;
  }

  /** The host's IPv6 address on the link. */
  get address6(): string {
    return `fd01:${this.name.slice(3)}::2`;
  }

  /** Every address of the host except its loopback's; link-local ones with the interface that a sandbox has. */
  async addressesFrom(sandboxInterface: string): Promise<readonly string[]> {
    const links = JSON.parse(await ip('-n', this.name, '-j', 'address', 'show')) as readonly {
      readonly addr_info: readonly { readonly local: string; readonly scope: string }[];
    }[];
    return links
      .flatMap(({ addr_info }) => addr_info)
      .filter(({ local }) => !local.startsWith('127.') && local !== '::1')
      .map(({ local, scope }) => (scope === 'link' ? `${local}%${sandboxInterface}` : local));
  }

  /**
   * A link between two hosts; resolves with their addresses on it. Each also has a route to the other's machine
   * address.
   */
  static async wire(one: HostNamespace, other: HostNamespace): Promise<readonly [string, string]> {
    const link = `10.202.${one.name.slice(3)}`;
    const addresses = [`${link}.1`, `${link}.2`] as const;
    await ip('-n', one.name, 'link', 'add', 'wire', 'type', 'veth', 'peer', 'name', 'wire', 'netns', other.name);
    for (const [host, address, peer] of [
      [one, addresses[0], other],
      [other, addresses[1], one],
    ] as const) {
      await ip('-n', host.name, 'address', 'add', `${address}/24`, 'dev', 'wire');
      await ip('-n', host.name, 'link', 'set', 'wire', 'up');
      await ip('-n', host.name, 'route', 'add', `${peer.machine}/32`, 'via', host.machine);
    }
    return addresses;
  }

  /** Joins two hosts by a wire for their traffic; hosts `apart` reach only the machine address of `one`. */
  static async connect(one: HostNamespace, other: HostNamespace, apart: readonly HostNamespace[]): Promise<void> {
    const [wiredOne, wiredOther] = await HostNamespace.wire(one, other);
    await ip('-n', one.name, 'route', 'add', `${other.address}/32`, 'via', wiredOther);
    await ip('-n', other.name, 'route', 'add', `${one.address}/32`, 'via', wiredOne);
    for (const host of apart) await ip('-n', host.name, 'route', 'add', `${one.machine}/32`, 'via', host.machine);
  }

  async remove(): Promise<void> {
    await ip('netns', 'del', this.name);
    await ip('link', 'del', this.name).catch(() => {});
  }
}

const nameOf = (number: number): string => `gst${number}`;

/** Creates the namespace of a number that no other test uses: the first to create it has it. */
async function takeNumber(): Promise<number> {
  const first = randomInt(HOSTS);
  for (let passed = 0; passed < HOSTS; passed += 1) {
    const number = 1 + ((first + passed) % HOSTS);
    try {
      await ip('netns', 'add', nameOf(number));
      return number;
    } catch (error) {
      if (!String(error).includes('File exists')) throw error;
    }
  }
  throw new Error(`all ${HOSTS} namespaces gst1 to gst${HOSTS} exist: delete those that no test uses`);
}

/** From now on nothing passes between the host and that address, either way; what was open stays open, and silent. */
export async function partition(namespace: string, address: string): Promise<void> {
  const rules = [
    'add table ip partition',
    'add chain ip partition in { type filter hook input priority -300; }',
    'add chain ip partition out { type filter hook output priority -300; }',
    `add rule ip partition in ip saddr ${address} drop`,
    `add rule ip partition out ip daddr ${address} drop`,
  ];
  const { code, output } = await inside(namespace, 'nft', rules.join('; '));
  if (code !== 0) throw new Error(output);
}

export async function endPartition(namespace: string): Promise<void> {
  await inside(namespace, 'nft', 'delete table ip partition');
}

export function ip(...args: readonly string[]): Promise<string> {
  return run('ip', [...args], { timeout: 10_000 }).then(({ stdout }) => stdout);
}

/** Runs a command in a namespace; resolves with its exit code and output, whatever they are. */
export function inside(namespace: string, ...command: readonly string[]): Promise<Outcome> {
  return insideWithin(15_000, namespace, ...command);
}

/** Like inside, for a command that may take longer. */
export function insideWithin(timeout: number, namespace: string, ...command: readonly string[]): Promise<Outcome> {
  return run('ip', ['netns', 'exec', namespace, ...command], { timeout }).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: { code?: number; stdout?: string; stderr?: string }) => ({
      code: error.code ?? -1,
      output: `${error.stdout ?? ''}${error.stderr ?? ''}`,
    }),
  );
}

/** Starts Node with a script in a namespace; the caller kills it. */
export function nodeInside(namespace: string, script: string): ChildProcess {
  return spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script], { stdio: 'ignore' });
}
