import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { CLONE } from './clone.js';
import { type HostNamespace, ip } from './host-namespace.js';
import type { InternetRole } from './played-internet-process.js';
import type { ServicesRole } from './played-services.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

export const RESOLVER = '198.51.100.53';
/** Addresses of servers; the private one is routed like the others. */
export const PLACES = { packages: '203.0.113.10', other: '203.0.113.20', private: '10.99.0.10', six: '2001:db8:1::10' };
/** Addresses of the services, and names in the servers' certificate. */
export const SERVICES = '203.0.113.30';
export const SERVED_NAMES = ['pypi.org', 'files.pythonhosted.org', 'registry.npmjs.org', 'github.com'] as const;

type Said = { readonly kind: string; readonly [member: string]: unknown };

/** One namespace beside a host, and the process in it. */
class Neighbour {
  readonly said: Said[] = [];
  private readonly child: ChildProcess;

  constructor(
    readonly namespace: string,
    role: InternetRole,
  ) {
    const file = join(CLONE, 'dist/test/support/played-internet-process.js');
    this.child = spawn('ip', ['netns', 'exec', namespace, process.execPath, file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.child.stdout !== null) {
      createInterface({ input: this.child.stdout }).on('line', (line) => this.said.push(JSON.parse(line)));
    }
    this.tell(role);
  }

  tell(role: InternetRole): Promise<unknown> {
    const told = this.said.filter(({ kind }) => kind === 'ready').length;
    this.child.stdin?.write(`${JSON.stringify(role)}\n`);
    return waitFor(`${this.namespace} has heard`, () => this.said.filter(({ kind }) => kind === 'ready').length > told);
  }

  async remove(): Promise<void> {
    this.child.kill('SIGKILL');
    await ip('netns', 'del', this.namespace);
  }
}

/**
 * Two namespaces beside a host that simulate the internet: a resolver with a log of its queries, and servers with a
 * test CA.
 */
export class PlayedInternet {
  private constructor(
    readonly folder: string,
    /** The servers' addresses. */
    readonly world: string,
    private readonly resolver: Neighbour,
    private readonly servers: Neighbour,
  ) {}

  static async start(
    host: HostNamespace,
    records: NonNullable<InternetRole['records']>,
    services?: Omit<ServicesRole, 'address'>,
  ): Promise<PlayedInternet> {
    const folder = mkdtempSync(join(tmpdir(), 'gs-internet-'));
    await makeCertificates(folder);
    const names = await attach(host, 'n', [`${RESOLVER}/24`], ['198.51.100.1/24']);
    const world = await attach(
      host,
      'w',
      [`${PLACES.packages}/24`, `${PLACES.other}/24`, `${SERVICES}/24`, `${PLACES.private}/24`, `${PLACES.six}/64`],
      ['203.0.113.1/24', '10.99.0.1/24', '2001:db8:1::1/64'],
    );
    const resolver = new Neighbour(names, { resolver: RESOLVER, records });
    const servers = new Neighbour(world, {
      servers: {
        packages: `${PLACES.packages} 443`,
        other: `${PLACES.other} 443`,
        private: `${PLACES.private} 443`,
        six: `${PLACES.six} 443`,
      },
      certificate: join(folder, 'server.pem'),
      key: join(folder, 'server.key'),
      ...(services === undefined ? {} : { services: { ...services, address: SERVICES } }),
    });
    const internet = new PlayedInternet(folder, world, resolver, servers);
    for (const { said, namespace } of [resolver, servers]) {
      await waitFor(`${namespace} is ready`, () => said.some(({ kind }) => kind === 'ready'));
    }
    return internet;
  }

  get certificate(): string {
    return join(this.folder, 'ca.pem');
  }

  /** Names that the resolver was queried for so far. */
  queries(): readonly string[] {
    return this.resolver.said.filter(({ kind }) => kind === 'query').map(({ name }) => String(name));
  }

  /** What servers have received so far. */
  heard(kind: 'request' | 'connection'): readonly Said[] {
    return this.servers.said.filter((said) => said.kind === kind);
  }

  setRecords(records: NonNullable<InternetRole['records']>): Promise<unknown> {
    return this.resolver.tell({ records });
  }

  async remove(): Promise<void> {
    await this.resolver.remove();
    await this.servers.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A namespace with a link to the host. */
async function attach(
  host: HostNamespace,
  letter: string,
  addresses: readonly string[],
  gateways: readonly string[],
): Promise<string> {
  const name = `${host.name}${letter}`;
  await ip('netns', 'add', name);
  await ip('-n', host.name, 'link', 'add', `to-${letter}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
  for (const [namespace, device, all] of [
    [name, 'eth0', addresses],
    [host.name, `to-${letter}`, gateways],
  ] as const) {
    for (const address of all) {
      const nodad = address.includes(':') ? ['nodad'] : [];
      await ip('-n', namespace, 'address', 'add', address, 'dev', device, ...nodad);
    }
    await ip('-n', namespace, 'link', 'set', device, 'up');
  }
  return name;
}

/** A CA, and one certificate for every name below example.com and example.net. */
async function makeCertificates(folder: string): Promise<void> {
  const file = (name: string) => join(folder, name);
  const names = ['*.example.com', '*.wild.example.com', '*.example.net', ...SERVED_NAMES]
    .map((name) => `DNS:${name}`)
    .join(',');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const ca = ['-x509', ...newKey, '-keyout', file('ca.key'), '-out', file('ca.pem'), '-subj', '/CN=played internet'];
  await run('openssl', ['req', ...ca]);
  const server = ['-x509', '-CA', file('ca.pem'), '-CAkey', file('ca.key'), ...newKey];
  const made = ['-keyout', file('server.key'), '-out', file('server.pem'), '-subj', '/CN=server'];
  await run('openssl', ['req', ...server, ...made, '-addext', `subjectAltName=${names}`]);
}
