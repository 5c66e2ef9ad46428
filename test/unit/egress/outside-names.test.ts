import { expect } from 'chai';
import { OutsideNames, UNASKED_MS } from '#apps/agent/egress/outside-names.js';
import { parseSandboxId } from '#libs/contracts/ids.js';
import type { OutsideRoute } from '#libs/data-plane/data-plane.js';
import { ADDRESS_REST_MS } from '#libs/data-plane/proxy/range-holdings.js';
import type { NetworkView } from '#libs/policy/model.js';
import { networkView } from '#test/support/network-view.js';

const WEB = '10.76.0.2';
const API = '10.76.0.6';
const SANDBOXES = new Map([
  [WEB, parseSandboxId('sbx-web', 'id')],
  [API, parseSandboxId('sbx-api', 'id')],
]);

/** Outside names with listeners that only record their calls. */
class Rig {
  nowMs = 0;
  views: readonly NetworkView[] = [];
  inUse = new Set<string>();
  taken = new Set<string>();
  failing = new Set<number>();
  readonly events: string[] = [];
  readonly open = new Map<string, OutsideRoute>();
  /** How often the listeners were called. */
  calls = 0;
  readonly names: OutsideNames;

  constructor(range = '10.77.0.0/24', limits = { names: 10, namesPerSandbox: 4 }) {
    const key = ({ address, port }: OutsideRoute) => `${address}:${port}`;
    this.names = new OutsideNames({
      range,
      limits,
      isTaken: (address) => this.taken.has(address),
      listeners: {
        open: async (routes) => {
          this.calls += 1;
          return routes.flatMap((route) => {
            if (this.failing.has(route.port)) return [{ route, code: 'PROXY_ADDRESS_IN_USE', message: 'taken' }];
            this.open.set(key(route), route);
            return [];
          });
        },
        shut: async (routes) => {
          this.calls += 1;
          for (const route of routes) this.open.delete(key(route));
        },
      },
      views: () => this.views,
      sandboxAt: (address) => SANDBOXES.get(address) ?? null,
      namesInUse: () => this.inUse,
      nowMs: () => this.nowMs,
      report: ({ kind }) => void this.events.push(kind),
    });
  }

  rules(...egress: readonly string[]): void {
    const sandboxes = { 'sbx-web': 'host-a', 'sbx-api': 'host-a' };
    this.views = [networkView({ version: 1, sandboxes, aliases: {}, egress })];
  }

  async ask(name: string, source = WEB): Promise<string> {
    const answer = await this.names.ask(name, source);
    return answer.kind === 'address' ? answer.address : answer.kind;
  }

  listening(): readonly string[] {
    return [...this.open.values()].map(({ name, port }) => `${name}:${port}`).sort();
  }
}

describe('the addresses of names outside', () => {
  it('are one for each name, with a listener on each port that is allowed', async () => {
    const rig = new Rig();
    rig.rules('allow any a.example.com 443', 'allow any a.example.com 80', 'allow sandbox:sbx-web b.example.com 443');
    const first = await rig.ask('a.example.com');
    expect(await rig.ask('a.example.com', API)).to.equal(first);
    expect(await rig.ask('b.example.com')).to.not.equal(first);
    expect(await rig.ask('b.example.com', API)).to.equal('absent');
    expect(rig.listening()).to.deep.equal(['a.example.com:443', 'a.example.com:80', 'b.example.com:443']);
  });

  it('are given to nobody for what no rule allows, is denied, or is no name', async () => {
    const rig = new Rig();
    rig.rules('allow any *.example.com 443', 'deny any bad.example.com 443');
    for (const name of ['example.com', 'bad.example.com', 'other.net', '_x.example.com', 'a.example.com.', '']) {
      expect(await rig.ask(name), name).to.equal('absent');
    }
    expect(await rig.ask('a.example.com', '10.9.9.9')).to.equal('absent');
    expect(rig.listening()).to.deep.equal([]);
  });

  it('are bounded for one sandbox and for all', async () => {
    const rig = new Rig('10.77.0.0/24', { names: 6, namesPerSandbox: 4 });
    rig.rules('allow any *.example.com 443');
    const asked = async (source: string, from: number, to: number) => {
      const answers: string[] = [];
      for (let number = from; number < to; number += 1) answers.push(await rig.ask(`n${number}.example.com`, source));
      return answers.filter((answer) => answer === 'failed').length;
    };
    expect(await asked(WEB, 0, 10)).to.equal(6);
    expect(await asked(API, 0, 4)).to.equal(0);
    expect(await asked(API, 10, 20)).to.equal(8);
    expect(rig.events).to.deep.equal(new Array(14).fill('too-many'));
  });

  it('are not those of others, and there are none in a range of one address', async () => {
    const rig = new Rig('10.77.0.0/30');
    rig.rules('allow any *.example.com 443');
    rig.taken.add('10.77.0.1');
    expect(await rig.ask('a.example.com')).to.equal('10.77.0.2');
    expect(await rig.ask('b.example.com')).to.equal('failed');
    const one = new Rig('127.0.0.1');
    one.rules('allow any *.example.com 443');
    expect(await one.ask('a.example.com')).to.equal('failed');
  });

  it('ask the listeners for nothing while neither rules nor names change, and again for a port that failed', async () => {
    const rig = new Rig();
    rig.rules('allow any *.example.com 443');
    for (const name of ['a.example.com', 'b.example.com']) await rig.ask(name);
    const { calls } = rig;
    await rig.ask('a.example.com');
    await rig.names.follow();
    expect(rig.calls).to.equal(calls);
    rig.failing.add(80);
    rig.rules('allow any *.example.com 443', 'allow any a.example.com 80');
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['a.example.com:443', 'b.example.com:443']);
    rig.failing.clear();
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['a.example.com:443', 'a.example.com:80', 'b.example.com:443']);
  });

  it('follow the rules: ports come and go, and a name that nobody may reach any more lets its address rest', async () => {
    const rig = new Rig('10.77.0.0/30');
    rig.rules('allow any a.example.com 443');
    const address = await rig.ask('a.example.com');
    rig.rules('allow any a.example.com 443', 'allow any a.example.com 80');
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['a.example.com:443', 'a.example.com:80']);
    rig.rules('allow any b.example.com 443', 'allow any c.example.com 443');
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal([]);
    const other = await rig.ask('b.example.com');
    expect(other).to.not.equal(address);
    expect(await rig.ask('c.example.com')).to.equal('failed');
    rig.nowMs += ADDRESS_REST_MS;
    expect(await rig.ask('c.example.com')).to.equal(address);
  });

  it('stay as long as the name is asked for or in use', async () => {
    const rig = new Rig();
    rig.rules('allow any *.example.com 443');
    for (const name of ['asked', 'used', 'idle']) await rig.ask(`${name}.example.com`);
    rig.inUse.add('used.example.com');
    rig.nowMs += UNASKED_MS - 1;
    await rig.ask('asked.example.com');
    rig.nowMs += 1;
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['asked.example.com:443', 'used.example.com:443']);
  });

  it('stand for another name only after their connections ended and clients forgot them, however small the range is', async () => {
    const rig = new Rig('10.77.0.0/30');
    rig.rules('allow any *.example.com 443');
    const used = await rig.ask('used.example.com');
    const idle = await rig.ask('idle.example.com');
    rig.inUse.add('used.example.com');
    expect(await rig.ask('next.example.com')).to.equal('failed');
    rig.nowMs += UNASKED_MS;
    await rig.names.follow();
    // The address of the idle name is not reused yet, since a client may still know it.
    expect(await rig.ask('next.example.com')).to.equal('failed');
    rig.nowMs += ADDRESS_REST_MS - 1;
    await rig.names.follow();
    expect(await rig.ask('next.example.com')).to.equal('failed');
    rig.nowMs += 1;
    expect(await rig.ask('next.example.com')).to.equal(idle);
    rig.inUse.clear();
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['next.example.com:443']);
    expect(await rig.ask('last.example.com')).to.equal('failed');
    rig.nowMs += ADDRESS_REST_MS;
    expect(await rig.ask('last.example.com')).to.equal(used);
  });

  it('go with the sandboxes that asked for them', async () => {
    const rig = new Rig();
    rig.rules('allow any a.example.com 443');
    await rig.ask('a.example.com');
    await rig.ask('a.example.com', API);
    rig.names.forget([parseSandboxId('sbx-web', 'id')]);
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal(['a.example.com:443']);
    rig.names.forget([parseSandboxId('sbx-api', 'id')]);
    await rig.names.follow();
    expect(rig.listening()).to.deep.equal([]);
  });

  it('are not told while a port cannot be listened on', async () => {
    const rig = new Rig();
    rig.rules('allow any a.example.com 443', 'allow any a.example.com 80');
    rig.failing.add(80);
    expect(await rig.ask('a.example.com')).to.equal('failed');
    expect(rig.events).to.deep.equal(['not-listening']);
    rig.failing.clear();
    expect(await rig.ask('a.example.com')).to.match(/^10\.77\./);
  });
});
