import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { DockerHost, TEST_IMAGE } from '#test/support/docker-host.js';
import { DockerRig } from '#test/support/docker-rig.js';
import { FakeControlPlane } from '#test/support/fake-control-plane.js';
import { insideWithin, type Outcome } from '#test/support/host-namespace.js';
import { LinkRig } from '#test/support/link-rig.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { PLACES, RESOLVER } from '#test/support/played-internet.js';
import { STREAMED_EVENTS } from '#test/support/played-services.js';
import { RecipeWorld } from '#test/support/recipe-world.js';
import { egressRecipes } from '#test/support/recipes.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { ASK_RANDOM_NAMES, RECORD_TYPES } from '#test/support/unlisted-names.js';
import { waitFor } from '#test/support/wait.js';

/** Proves that a recipe's command worked: a command to run after it, and the output of both. */
const PROOFS: { readonly [title: string]: { readonly after?: string; readonly output: RegExp } } = {
  pip: { after: 'ls', output: /sampleproject-1\.0-py3-none-any\.whl/ },
  npm: { after: `node -p "'it is ' + require('ms')"`, output: /it is 42/ },
  apt: { after: 'dpkg-deb --info hello_*.deb', output: /Package: hello/ },
  'git over https': { after: 'cat Hello-World/README', output: /Hello World!/ },
  'git over ssh': { after: 'cat Hello-World/README', output: /Hello World!/ },
  Postgres: { output: /\b42\b/ },
  "An LLM's API, with streaming": { output: new RegExp(`^(data: \\d+\\n\\n){${STREAMED_EVENTS}}$`) },
  "Node's fetch": { output: new RegExp(`^(data: \\d+\\n\\n){${STREAMED_EVENTS}}$`) },
};
const RECORDS = {
  'packages.example.com': [`A ${PLACES.packages}`],
  'secret.example.net': [`A ${PLACES.other}`],
  'cdn.example.com': ['CNAME edge.example.net'],
  'edge.example.net': [`A ${PLACES.packages}`],
};
const CLIENT_WITHIN_MS = 60_000;
const LINK_ADDRESS = '10.81.0.2';

interface Sandbox {
  readonly driver: string;
  run(script: string): Promise<Outcome>;
}

describe('real clients, from sandboxes of the drivers netns, docker and link', function () {
  this.timeout(120_000);
  let docker: DockerHost;
  let plane: FakeControlPlane;
  let world: RecipeWorld;
  let rigs: { readonly netns: NetnsRig; readonly docker: DockerRig; readonly link: LinkRig };
  let sandboxes: readonly Sandbox[];
  let version = 0;
  let guestFiles = '';

  before(async () => {
    docker = await DockerHost.make();
    const { host } = docker;
    plane = await FakeControlPlane.start(host.machine);
    world = await RecipeWorld.start(host, RECORDS);
    const upstreams = { GLOBALSTACKS_AGENT_DNS_UPSTREAMS: `${RESOLVER}:53` };
    const ofNetns = NetnsRig.start(['sbx-netns'], upstreams, undefined, { host, plane, name: 'host-a' });
    const ofDocker = DockerRig.start(upstreams, { docker, plane, name: 'host-b' });
    const ofLink = LinkRig.make(upstreams, { host, plane, name: 'host-c' });
    rigs = { netns: await ofNetns, docker: await ofDocker, link: await ofLink };
    const guest = await startGuest(rigs.link);
    const container = ['--network', 'gstacks', '--label', 'gstacks.sandbox=sbx-docker', ...world.mounts];
    await docker.run('run', '-d', '--name', 'client', '--init', ...container, TEST_IMAGE, 'sleep', '600');
    await rigs.docker.reported('sbx-docker');
    const runIn = (namespace: string) => (script: string) =>
      insideWithin(CLIENT_WITHIN_MS, namespace, ...world.command(script));
    sandboxes = [
      { driver: 'netns', run: runIn(rigs.netns.namespaceOf('sbx-netns')) },
      { driver: 'docker', run: (script) => docker.exec('client', ...world.command(script)) },
      { driver: 'link', run: runIn(guest) },
    ];
  });

  after(async () => {
    await rigs?.netns.close();
    await rigs?.link.close();
    await rigs?.docker.close();
    if (guestFiles !== '') rmSync(guestFiles, { recursive: true });
    await world?.remove();
    await plane?.close();
    if (rigs === undefined) await docker?.remove();
  });

  /** A guest behind a veth, started as a runtime would do it. */
  async function startGuest(rig: LinkRig): Promise<string> {
    await rig.makeGuest('client', LINK_ADDRESS);
    const guest = rig.guest('client');
    guestFiles = join('/etc/netns', guest);
    mkdirSync(guestFiles, { recursive: true });
    writeFileSync(join(guestFiles, 'resolv.conf'), `nameserver ${LinkRig.AGENT_ADDRESS}\n`);
    writeFileSync(
      rig.agent.sandboxesFile,
      JSON.stringify([{ id: 'sbx-link', interface: 'client0', address: LINK_ADDRESS }]),
    );
    rig.agent.start();
    await rig.reported('sbx-link');
    return guest;
  }

  /** Every agent has applied these egress rules. */
  async function rules(...egress: readonly string[]): Promise<void> {
    version += 1;
    const placed = { 'sbx-netns': 'host-a', 'sbx-docker': 'host-b', 'sbx-link': 'host-c' };
    const snapshot = snapshotOf({ version, sandboxes: placed, aliases: {}, egress });
    await Promise.all(
      Object.values(rigs).map(async ({ agent }) => {
        await plane.publish(agent.id, snapshot);
        await plane.acknowledgementOf(agent.id, version);
      }),
    );
  }

  const everywhere = (check: (sandbox: Sandbox) => Promise<void>) => Promise.all(sandboxes.map(check));

  for (const { title, allowed, command } of egressRecipes()) {
    it(`the recipe for ${title} works as printed, with the rules it names and no other`, async () => {
      const proof = PROOFS[title];
      if (proof === undefined) throw new Error(`nothing shows that the recipe for ${title} works`);
      await rules(...allowed.map((rule) => `allow any ${rule}`));
      await everywhere(async ({ driver, run }) => {
        const { code, output } = await run(`${command}\n${proof.after ?? ''}`);
        expect(code, `${driver}: ${output}`).to.equal(0);
        expect(output, driver).to.match(proof.output);
      });
    });
  }

  it('a streamed answer comes as it is sent', async () => {
    await rules('allow any api.example.com 443');
    const read = `while read -r line; do [ -z "$line" ] || echo "$(date +%s%3N) $line"; done`;
    await everywhere(async ({ driver, run }) => {
      const { output } = await run(`curl -sSN https://api.example.com/v1/messages | ${read}`);
      const times = [...output.matchAll(/^(\d+) data: (\d+)$/gm)].map(([, came, sent]) => [Number(came), Number(sent)]);
      expect(times, driver).to.have.length(STREAMED_EVENTS);
      const [[firstCame = 0, firstSent = 0] = [], [lastCame = 0, lastSent = 0] = []] = [times[0], times.at(-1)];
      // All chunks would arrive at once if something buffered them until the end.
      expect(lastCame - firstCame, driver).to.be.greaterThan((lastSent - firstSent) / 2);
    });
  });

  const connections = (at: string) => world.internet.heard('connection').filter((said) => said.at === at).length;

  it('an unlisted name, a literal address, a Host header and a server name reach nothing else', async () => {
    await rules('allow any packages.example.com 443');
    const before = connections('other');
    const allowed = 'https://packages.example.com/';
    const toSecret = `--connect-to ::${PLACES.other}:443`;
    const curls: readonly (readonly [arguments: string, said: RegExp])[] = [
      [allowed, /^packages$/],
      ['https://secret.example.net/', /Could not resolve host/],
      [`-k https://${PLACES.packages}/`, /Connection timed out|Couldn't connect|Failed to connect|timed out/],
      [`-k https://${PLACES.other}/`, /timed out|Failed to connect/],
      [`${toSecret} ${allowed}`, /timed out|Failed to connect/],
      [`--connect-to ::secret.example.net:443 ${allowed}`, /Could not resolve host/],
      [`-H 'Host: secret.example.net' ${allowed}`, /^packages$/],
      // The server name of the TLS handshake is the URL's.
      ['--connect-to ::packages.example.com:443 https://secret.example.net/', /^packages$/],
      ['https://packages.example.com:8443/', /Failed to connect|refused/],
    ];
    await everywhere(async ({ driver, run }) => {
      const said = await Promise.all(curls.map(([options]) => run(`curl -sS -m 2 ${options} 2>&1`)));
      for (const [index, { output }] of said.entries()) {
        const [options, expected] = curls[index] ?? ['', /never/];
        expect(output, `${driver}: curl ${options}`).to.match(expected);
      }
    });
    expect(connections('other')).to.equal(before);
  });

  it('no packet about an unlisted name reaches the resolver: any type, EDNS, TCP, CNAME targets, 10,000 names', async () => {
    await rules('allow any cdn.example.com 443');
    const names = [
      ...['secret.example.net', 'SeCrEt.ExAmPlE.nEt', 'example.com', 'x.cdn.example.com', '10.113.0.203.in-addr.arpa'],
      // The target of the allowed name's CNAME.
      'edge.example.net',
    ];
    const questions = names.flatMap((name) => RECORD_TYPES.map((type) => `${name} ${type}`)).join(' ');
    await everywhere(async ({ driver, run }) => {
      // Until an agent knows every network of a sandbox it does not answer that a name does not exist.
      const absent = async () => (await run('dig +tries=1 absent.example.net')).output.includes('status: NXDOMAIN');
      await waitFor(`the agent of ${driver} knows every network`, absent);
      expect((await run('curl -sS https://cdn.example.com/')).output, driver).to.equal('packages');
    });
    const before = world.internet.queries().length;
    await everywhere(async ({ driver, run }) => {
      for (const options of ['', '+tcp', '+bufsize=4096 +dnssec']) {
        const { output } = await run(`dig +tries=1 ${options} ${questions}`);
        expect(output.match(/status: NXDOMAIN/g), `${driver} ${options}`).to.have.length(
          names.length * RECORD_TYPES.length,
        );
      }
      const random = await run(`node -e "$(cat <<'END'\n${ASK_RANDOM_NAMES}\nEND\n)" 10000`);
      expect(random.output.trim(), driver).to.equal('10100');
    });
    expect(world.internet.queries().slice(before)).to.deep.equal([]);
  });
});
