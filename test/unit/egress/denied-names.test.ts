import { expect } from 'chai';
import { DeniedNames } from '#apps/agent/egress/denied-names.js';
import { parseSandboxId, type SandboxId } from '#libs/contracts/ids.js';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { DeniedQueries, type DeniedQuery } from '#libs/data-plane/dns/denied-queries.js';
import { waitFor } from '#test/support/wait.js';

const WEB = parseSandboxId('sbx-web', 'id');
const API = parseSandboxId('sbx-api', 'id');

class Rig {
  nowMs = 0;
  readonly names = new DeniedNames(() => this.nowMs);

  deny(name: string, port: number | null = null, sandboxId: SandboxId = WEB, count = 1): void {
    const reason = 'DEFAULT_DENY';
    this.names.record({ sandboxId, name: parseOutsideName(name, 'name'), port, reason, count });
  }

  of(sandboxId: SandboxId): readonly string[] {
    return this.names
      .of((asked) => asked === sandboxId)
      .map(({ name, port, count, lastAtMs }) => `${name}:${port} ${count} at ${lastAtMs}`);
  }
}

describe('names that sandboxes were lately refused', () => {
  it('are counted by sandbox, name and port, the most frequent first, with the last time', () => {
    const rig = new Rig();
    rig.deny('a.example.com');
    rig.deny('b.example.com', 443);
    rig.nowMs = 5;
    rig.deny('b.example.com', 443);
    rig.deny('b.example.com', 443, API, 7);
    expect(rig.of(WEB)).to.deep.equal(['b.example.com:443 2 at 5', 'a.example.com:null 1 at 0']);
    expect(rig.of(API)).to.deep.equal(['b.example.com:443 7 at 5']);
    rig.names.forget([WEB]);
    expect(rig.of(WEB)).to.deep.equal([]);
  });

  it('are 50 of a sandbox: ever new names push out each other, not those asked for again, nor those of others', () => {
    const rig = new Rig();
    rig.deny('other.example.com', null, API);
    for (let times = 0; times < 3; times += 1) rig.deny('wanted.example.com');
    for (let index = 0; index < 10_000; index += 1) rig.deny(`n${index}.example.com`);
    expect(rig.of(WEB)).to.have.length(50);
    expect(rig.of(WEB)[0]).to.equal('wanted.example.com:null 3 at 0');
    expect(rig.of(WEB).at(-1)).to.equal('n9999.example.com:null 1 at 0');
    expect(rig.of(API)).to.have.length(1);
  });

  it('are forgotten an hour after they were asked for last', () => {
    const rig = new Rig();
    rig.deny('old.example.com');
    rig.deny('asked-again.example.com');
    rig.nowMs = 60 * 60_000 - 1;
    rig.deny('asked-again.example.com');
    expect(rig.of(WEB)).to.have.length(2);
    rig.nowMs += 1;
    expect(rig.of(WEB)).to.deep.equal([`asked-again.example.com:null 2 at ${60 * 60_000 - 1}`]);
  });
});

describe('queries for names that no rule allows', () => {
  it('are told together, with their counts, the first 50 names of each client, and none that is too long', async () => {
    const told: (readonly DeniedQuery[])[] = [];
    const queries = new DeniedQueries((denied) => void told.push(denied));
    for (let times = 0; times < 3; times += 1) queries.add('10.0.0.1', 'a.example.com');
    queries.add('10.0.0.2', `${'x'.repeat(250)}.com`);
    for (let index = 0; index < 1_000; index += 1) queries.add('10.0.0.2', `n${index}.example.com`);
    await waitFor('they are told', () => told.length > 0);
    expect(told).to.have.length(1);
    expect(told[0]?.[0]).to.deep.equal({ source: '10.0.0.1', name: 'a.example.com', count: 3 });
    expect(told[0]).to.have.length(51);
    queries.add('10.0.0.1', 'a.example.com');
    await waitFor('what follows is told too', () => told.length > 1);
    expect(told[1]).to.deep.equal([{ source: '10.0.0.1', name: 'a.example.com', count: 1 }]);
  });
});
