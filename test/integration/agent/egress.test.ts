import { spawn } from 'node:child_process';
import { expect } from 'chai';
import type { AppliedMessage } from '#libs/contracts/bus/from-member/applied.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { ReportedDenial } from '#libs/contracts/bus/to-member/denied-names.js';
import { parseDiagnoseReply } from '#libs/contracts/bus/to-member/diagnose.js';
import { NetnsRig } from '#test/support/netns-rig.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { PLACES, PlayedInternet, RESOLVER } from '#test/support/played-internet.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { ASK_RANDOM_NAMES, RECORD_TYPES } from '#test/support/unlisted-names.js';
import { waitFor } from '#test/support/wait.js';

const RECORDS = {
  'packages.example.com': [`A ${PLACES.packages}`],
  'a.wild.example.com': [`A ${PLACES.packages}`],
  'b.wild.example.com': [`A ${PLACES.packages}`],
  'two.example.com': ['AAAA 2001:db8:1::dead', `A ${PLACES.packages}`],
  'six.example.com': [`AAAA ${PLACES.six}`],
  'secret.example.net': [`A ${PLACES.other}`],
  'corp.example.com': [`A ${PLACES.private}`],
  'gone.example.com': [],
};

describe('names outside, from a sandbox of the driver netns to a played internet', function () {
  this.timeout(120_000);
  let rig: NetnsRig;
  let internet: PlayedInternet;
  let version = 0;

  before(async () => {
    const upstream = { GLOBALSTACKS_AGENT_DNS_UPSTREAMS: `${RESOLVER}:53` };
    rig = await NetnsRig.start(['sbx-web', 'sbx-api'], upstream, async (host) => {
      internet = await PlayedInternet.start(host, RECORDS);
    });
  });

  after(async () => {
    await rig?.close();
    await internet?.remove();
  });

  /** Publishes a version with these egress rules. Resolves with the agent's acknowledgement of it. */
  async function rules(...egress: readonly string[]): Promise<AppliedMessage> {
    version += 1;
    const sandboxes = { 'sbx-web': 'host-a', 'sbx-api': 'host-a' };
    await rig.plane.publish(rig.agent.id, snapshotOf({ version, sandboxes, aliases: {}, egress }));
    return rig.plane.acknowledgement(version);
  }

  async function denied(): Promise<readonly ReportedDenial[]> {
    const asked = { protocol: BUS_PROTOCOL, kind: 'denied-names', networkId: TEST_NETWORK };
    const reply = parseDiagnoseReply(await rig.plane.diagnose(rig.agent.id, asked));
    return reply.kind === 'denied-names' ? reply.denied : expect.fail(reply.kind);
  }

  const curl = (id: string, ...args: readonly string[]) =>
    rig.in(id, 'curl', '-sS', '-m', '10', '--cacert', internet.certificate, ...args);
  const get = (name: string, ...args: readonly string[]) => curl('sbx-web', ...args, `https://${name}/`);
  const connections = (at: string) => internet.heard('connection').filter((said) => said.at === at).length;
  const refusals = () => rig.agent.log.filter(({ message }) => message === 'flow refused').map(({ flow }) => flow);

  /** A download that does not end by itself. */
  async function download(name: string) {
    const before = internet.heard('request').length;
    const url = `https://${name}/endless`;
    const child = rig.keep(
      spawn('ip', ['netns', 'exec', rig.namespaceOf('sbx-web'), 'curl', '-sN', '--cacert', internet.certificate, url], {
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    let bytes = 0;
    child.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    await waitFor(`${url} is asked for`, () => internet.heard('request').length > before);
    await waitFor(`${url} brings bytes`, () => bytes > 0);
    return { child, bytes: () => bytes };
  }

  it('an allowed name works, for the sandbox that it is allowed to and for no other', async () => {
    await rules('allow sandbox:sbx-web packages.example.com 443');
    expect(await get('packages.example.com')).to.deep.equal({ code: 0, output: 'packages' });
    expect((await get('PACKAGES.example.com')).output).to.equal('packages');
    expect((await curl('sbx-api', 'https://packages.example.com/')).output).to.contain('Could not resolve host');
    expect((await get('secret.example.net')).output).to.contain('Could not resolve host');
    const program = `fetch('https://packages.example.com/').then((r) => r.text()).then(console.log)`;
    const fetched = await rig.in(
      'sbx-web',
      ...['env', `NODE_EXTRA_CA_CERTS=${internet.certificate}`, process.execPath, '-e', program],
    );
    expect(fetched.output.trim()).to.equal('packages');
  });

  it('an allowed name has one address of its own, and no record of another type', async () => {
    const dig = async (name: string, type: string, ...more: readonly string[]) =>
      (await rig.in('sbx-web', 'dig', '+tries=1', ...more, name, type)).output;
    const address = (await dig('packages.example.com', 'A', '+short')).trim();
    expect(address).to.match(/^10\.77\./);
    expect((await dig('packages.example.com', 'A', '+short', '+tcp')).trim()).to.equal(address);
    const before = internet.queries().length;
    for (const type of RECORD_TYPES) {
      const output = await dig('packages.example.com', type, '+bufsize=4096');
      expect(output, type).to.contain('NOERROR');
      expect(output, type).to.contain(`ANSWER: ${type === 'A' || type === 'ANY' ? 1 : 0}`);
    }
    expect(internet.queries().length).to.equal(before);
  });

  it('what a sandbox was refused is remembered by name, the most frequent names first, and for that sandbox alone', async () => {
    // Until an agent knows every network of a sandbox it does not answer that a name does not exist.
    await waitFor('the agent knows every network', async () =>
      (await rig.in('sbx-web', 'dig', '+tries=1', 'absent.example.net')).output.includes('status: NXDOMAIN'),
    );
    const questions = RECORD_TYPES.flatMap((type) => ['secret.example.net', type]);
    await rig.in('sbx-web', 'dig', '+tries=1', ...questions);
    await rig.in('sbx-api', 'dig', '+tries=1', 'packages.example.com');
    await rig.in('sbx-web', process.execPath, '-e', ASK_RANDOM_NAMES, '200');
    const ofSecret = await waitFor('the queries of just now are known', async () =>
      (await denied()).find(({ name, sandboxId }) => name === 'secret.example.net' && sandboxId === 'sbx-web'),
    );
    expect(ofSecret).to.deep.include({ port: null, reason: 'DEFAULT_DENY' });
    expect(ofSecret.count).to.be.at.least(RECORD_TYPES.length);
    const all = await denied();
    expect(all.filter(({ sandboxId }) => sandboxId === 'sbx-web')).to.have.length(50);
    expect(all.filter(({ sandboxId }) => sandboxId === 'sbx-api').map(({ name }) => name)).to.deep.equal([
      'packages.example.com',
    ]);
  });

  it('a port that no rule allows is closed at the address', async () => {
    for (let times = 0; times < 2; times += 1) {
      expect((await curl('sbx-web', 'https://packages.example.com:8443/')).code).to.equal(7);
    }
    const ofPort = async () =>
      (await denied()).filter(({ port }) => port !== null).map(({ lastAt: _, ...denial }) => denial);
    const expected = { sandboxId: 'sbx-web', name: 'packages.example.com', port: 8443, reason: 'DEFAULT_DENY' };
    expect(await ofPort()).to.deep.equal([{ ...expected, count: 2 }]);
    expect((await curl('sbx-web', 'https://packages.example.com:8443/')).code).to.equal(7);
    expect(await ofPort()).to.deep.equal([{ ...expected, count: 3 }]);
  });

  it('ports that a sandbox tries one after the other leave room for what it asks for again, and for others', async () => {
    const address = (await rig.in('sbx-web', 'dig', '+short', 'packages.example.com')).output.trim();
    const tryPorts = (first: number, last: number) => `const { connect } = require('node:net');
      const one = (port) => new Promise((done) => connect(port, '${address}').on('error', done));
      (async () => { for (let port = ${first}; port <= ${last}; port += 1) await one(port); })();`;
    await rig.in('sbx-web', process.execPath, '-e', tryPorts(1_000, 3_500));
    await rig.in('sbx-api', process.execPath, '-e', tryPorts(9_999, 9_999));
    const found = (await denied()).map(({ sandboxId, name, port, count }) => `${sandboxId} ${name}:${port} ${count}`);
    expect(found.filter((text) => text.startsWith('sbx-web'))).to.have.length(50);
    expect(found).to.include.members(['sbx-web packages.example.com:8443 3', 'sbx-api packages.example.com:9999 1']);
  });

  it('tries both families, the dead one first', async () => {
    await rules('allow any two.example.com 443', 'allow any six.example.com 443', 'allow any gone.example.com 443');
    expect((await get('two.example.com')).output).to.equal('packages');
    expect((await get('six.example.com')).output).to.equal('six');
    expect((await get('gone.example.com')).code).to.not.equal(0);
    await waitFor('it is refused', () => refusals().some((flow) => JSON.stringify(flow).includes('NAME_UNRESOLVED')));
  });

  it('addresses inside are refused, in every form and through CNAME, unless the rule says private', async () => {
    const inside = {
      loopback: ['A 127.0.0.1'],
      link: ['A 169.254.169.254'],
      private: [`A ${PLACES.private}`],
      proxy: ['A 10.77.0.1'],
      mapped: ['AAAA ::ffff:10.99.0.10'],
      sixtofour: ['AAAA 2002:a63:a::1'],
      nat64: ['AAAA 64:ff9b::a63:a'],
      local: ['AAAA ::1'],
      chained: ['CNAME corp.example.com'],
    };
    const names = Object.keys(inside).map((name) => `${name}.example.com`);
    const records = Object.entries(inside).map(([name, found]) => [`${name}.example.com`, found] as const);
    await internet.setRecords({ ...RECORDS, ...Object.fromEntries(records) });
    await rules(...names.map((name) => `allow any ${name} 443`), 'allow any corp.example.com 443 private');
    for (const name of names) expect((await get(name)).code, name).to.be.oneOf([7, 35, 52, 56]);
    const codes = refusals().filter((flow) => JSON.stringify(flow).includes('TARGET_FORBIDDEN'));
    expect(codes.length).to.be.greaterThan(0);
    const told = rig.agent.log.filter(({ message }) => String(message).includes('does not dial'));
    expect(new Set(told.map(({ name }) => name))).to.deep.equal(new Set(names));
    expect(connections('private')).to.equal(0);
    // The data that the control plane shows as status, and counts as gs_flows_refused.
    await waitFor('a heartbeat counts them', () =>
      rig.plane.heartbeats
        .at(-1)
        ?.refusedFlows?.some(
          ({ networkId, code, count }) =>
            networkId === TEST_NETWORK && code === 'TARGET_FORBIDDEN' && count >= names.length,
        ),
    );
    const found = (await denied()).filter(({ reason }) => reason === 'TARGET_FORBIDDEN');
    expect(new Set(found.map(({ name, port }) => `${name}:${port}`))).to.deep.equal(
      new Set(names.map((name) => `${name}:443`)),
    );
    expect((await get('corp.example.com')).output).to.equal('private');
    await rules(...names.map((name) => `allow any ${name} 443 private`));
    for (const name of ['link', 'proxy', 'sixtofour'])
      expect((await get(`${name}.example.com`)).code, name).to.not.equal(0);
    expect((await get('chained.example.com')).output).to.equal('private');
  });

  it('a name that changes its address between look-ups never leads inside', async () => {
    const before = connections('private');
    await rules('allow any packages.example.com 443');
    for (let round = 0; round < 6; round += 1) {
      const place = round % 2 === 0 ? PLACES.private : PLACES.packages;
      await internet.setRecords({ ...RECORDS, 'packages.example.com': [`A ${place}`] });
      expect((await get('packages.example.com')).output === 'packages').to.equal(round % 2 === 1);
    }
    expect(connections('private')).to.equal(before);
    await internet.setRecords(RECORDS);
  });

  it('a denial cuts an open download before it is acknowledged, and counts it', async () => {
    await rules('allow any packages.example.com 443');
    const open = await download('packages.example.com');
    const { flowsCut } = await rules(
      'allow any packages.example.com 443',
      'deny sandbox:sbx-web packages.example.com 443',
    );
    expect(flowsCut).to.have.length(1);
    await waitFor('curl has ended', () => open.child.exitCode !== null);
    const brought = open.bytes();
    await rules('allow any packages.example.com 443');
    expect(open.bytes()).to.equal(brought);
    expect((await get('packages.example.com')).output).to.equal('packages');
  });

  it('the removal of a wildcard cuts what no other rule allows, and nothing else', async () => {
    await rules('allow any *.wild.example.com 443', 'allow any a.wild.example.com 443');
    const kept = await download('a.wild.example.com');
    const cut = await download('b.wild.example.com');
    expect((await get('wild.example.com')).output).to.contain('Could not resolve host');
    const { flowsCut } = await rules('allow any a.wild.example.com 443');
    expect(flowsCut).to.have.length(1);
    await waitFor('the other has ended', () => cut.child.exitCode !== null);
    const brought = kept.bytes();
    await waitFor('the first goes on', () => kept.bytes() > brought);
    expect((await get('b.wild.example.com')).output).to.contain('Could not resolve host');
    expect((await rules()).flowsCut).to.have.length(1);
    await waitFor('the first has ended', () => kept.child.exitCode !== null);
  });
});
