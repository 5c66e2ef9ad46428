import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

interface Change {
  readonly version: number;
  readonly actor: string;
  readonly at: string;
}

interface ListedRule {
  readonly port: number;
  readonly since: number;
  readonly by: string;
  readonly at: string;
}

describe('networks over HTTP', () => {
  let controlPlane: TestControlPlane;
  let names = 0;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web']);
    await controlPlane.agent('host-b', ['sbx-api', 'sbx-worker']);
  });

  after(() => controlPlane.end());

  async function network(): Promise<string> {
    names += 1;
    const name = `net-${names}`;
    await controlPlane.call('POST', '/v1/networks', { name });
    return name;
  }

  /** All items of a list, read in pages. */
  async function pages(path: string): Promise<readonly ListedRule[]> {
    const items: ListedRule[] = [];
    let cursor: unknown = null;
    do {
      const { body } = await controlPlane.call('GET', cursor === null ? path : `${path}&cursor=${cursor}`);
      items.push(...(body.items as readonly ListedRule[]));
      cursor = body.nextCursor;
    } while (cursor !== null);
    return items;
  }

  async function networkWithApi(): Promise<string> {
    const name = await network();
    const body = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', `/v1/networks/${name}/attachments`, body);
    return name;
  }

  it('creates a network, attaches a sandbox with an alias and allows traffic', async () => {
    const created = await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    expect(created.status).to.equal(201);
    expect(created.body).to.include({ network: 'dev', version: 1, changed: true });
    expect(created.body.result).to.include({ suffix: 'dev.gstacks', mode: 'agent_proxy', status: 'EMPTY' });

    const attached = await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080', '80:9090'],
    });
    expect(attached.status).to.equal(201);
    expect(attached.body).to.include({ version: 3, changed: true });
    expect(attached.body.result).to.include({ sandboxId: 'sbx-api', agentId: 'host-b', dns: 'active' });

    const aliases = await controlPlane.call('GET', '/v1/networks/dev/aliases');
    expect(aliases.body.items).to.have.length(1);
    const [item = {}] = aliases.body.items as readonly Readonly<Record<string, unknown>>[];
    const { listeners, ...api } = item;
    // Its progress by then depends on timing.
    expect(listeners).to.include({ expected: 1 });
    expect(api).to.deep.equal({
      alias: 'api',
      name: 'api.dev.gstacks',
      sandboxId: 'sbx-api',
      agentId: 'host-b',
      ports: [
        { published: 80, target: 9090 },
        { published: 8080, target: 8080 },
      ],
    });

    const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
    const allowed = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    expect(allowed.body).to.include({ version: 4, changed: true });
    expect(allowed.body.result).to.include(rule);
    const again = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    expect(again.body).to.include({ version: 4, changed: false });
    expect(again.body.result).to.deep.equal(allowed.body.result);
  });

  it('adds several rules at once or none, and takes the beginning of a rule’s id for it', async () => {
    const name = await networkWithApi();
    const at = `/v1/networks/${name}/rules`;
    const version = async () => (await controlPlane.call('GET', `/v1/networks/${name}`)).body.version;
    const before = Number(await version());
    const batch = { effect: 'allow', from: ['local', 'label:tier=web'], to: 'api', ports: [8080, 9090] };
    const refused = await controlPlane.call('POST', `${at}/batch`, { ...batch, from: ['local', 'sbx-web'] });
    expect(refused.body).to.include({ code: 'SOURCE_IS_SANDBOX' });
    expect(await version()).to.equal(before);

    const written = await controlPlane.call('POST', `${at}/batch`, batch);
    expect(written.status).to.equal(201);
    expect(written.body).to.include({ version: before + 4, changed: true });
    const added = written.body.result as readonly {
      rule: { id: string; from: string; port: number };
      added: boolean;
    }[];
    expect(added.map(({ rule: { from, port }, added: isNew }) => `${from} ${port} ${isNew}`)).to.deep.equal([
      'local 8080 true',
      'local 9090 true',
      'label:tier=web 8080 true',
      'label:tier=web 9090 true',
    ]);
    const again = await controlPlane.call('POST', `${at}/batch`, batch);
    expect(again.body).to.include({ version: before + 4, changed: false, unchangedSince: before + 4 });

    const id = added[0]?.rule.id ?? '';
    const several = await controlPlane.call('DELETE', `${at}/rule-`);
    expect(several.status).to.equal(400);
    const removed = await controlPlane.call('DELETE', `${at}/${id.slice(0, 14)}`);
    expect(removed.body).to.include({ version: before + 5 });
    expect(removed.body.result).to.include({ id });
  });

  for (const { kind, to } of [
    { kind: 'rules', to: 'api' },
    { kind: 'egress-rules', to: 'packages.example.com' },
  ]) {
    it(`lists ${kind} in the order in which they were made, with their authors, page by page`, async () => {
      const at = `/v1/networks/${await networkWithApi()}`;
      const ports = [6, 1, 5, 2, 4, 3];
      for (const port of ports) {
        await controlPlane.call('POST', `${at}/${kind}`, { effect: 'allow', from: 'any', to, port });
      }
      const written = (await controlPlane.call('GET', `${at}/changes?after=3`)).body.items as readonly Change[];
      const listed = await pages(`${at}/${kind}?limit=4`);
      expect(listed.map(({ port }) => port)).to.deep.equal(ports);
      expect(listed.map(({ since, by, at: time }) => ({ version: since, actor: by, at: time }))).to.deep.equal(
        written.map(({ version, actor, at: time }) => ({ version, actor, at: time })),
      );
    });
  }

  it('answers a repeat of a command with its first answer, and refuses the key for another one', async () => {
    const name = await networkWithApi();
    const key = { 'idempotency-key': randomUUID() };
    const body = { sandboxId: 'sbx-api', alias: 'second', ports: ['9090'] };
    const first = await controlPlane.call('POST', `/v1/networks/${name}/aliases`, body, key);
    await controlPlane.call('DELETE', `/v1/networks/${name}/aliases/second`);
    const repeat = await controlPlane.call('POST', `/v1/networks/${name}/aliases`, body, key);
    expect(repeat.body).to.deep.equal(first.body);
    const aliases = await controlPlane.call('GET', `/v1/networks/${name}/aliases`);
    expect(JSON.stringify(aliases.body)).to.not.include('second');

    const other = { ...body, alias: 'third' };
    const reused = await controlPlane.call('POST', `/v1/networks/${name}/aliases`, other, key);
    expect([reused.status, reused.body.code]).to.deep.equal([422, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('answers the repeat of a deletion, though the network is gone', async () => {
    const name = await network();
    const key = { 'idempotency-key': randomUUID() };
    const first = await controlPlane.call('DELETE', `/v1/networks/${name}`, undefined, key);
    expect(first.body).to.include({ changed: true, version: 2 });
    const repeat = await controlPlane.call('DELETE', `/v1/networks/${name}`, undefined, key);
    expect(repeat.body).to.deep.equal(first.body);
    const fresh = await controlPlane.call('DELETE', `/v1/networks/${name}`);
    expect([fresh.status, fresh.body.code]).to.deep.equal([404, 'NETWORK_NOT_FOUND']);
    expect((await controlPlane.call('POST', '/v1/networks', { name })).status).to.equal(201);
  });

  for (const [what, method, path, body] of [
    ['a detachment', 'DELETE', 'attachments/sbx-api', undefined],
    ['a removal', 'DELETE', 'aliases/api', undefined],
    ['a deletion', 'DELETE', '?detachAll=true', undefined],
    ['an attachment under the version it makes old', 'POST', 'attachments', { sandboxId: 'sbx-worker' }],
  ] as const) {
    it(`gives repeats that wait behind the first request its answer: ${what}`, async () => {
      const name = await networkWithApi();
      const { version } = (await controlPlane.call('GET', `/v1/networks/${name}`)).body;
      const headers = { 'idempotency-key': randomUUID(), 'if-match': String(version) };
      const url = path.startsWith('?') ? `/v1/networks/${name}${path}` : `/v1/networks/${name}/${path}`;
      const answers = await Promise.all(Array.from({ length: 8 }, () => controlPlane.call(method, url, body, headers)));
      expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size, answers[7]?.text).to.equal(1);
      expect(answers[0]?.status).to.be.within(200, 201);
    });
  }

  it('refuses a write on a version that has passed', async () => {
    const name = await networkWithApi();
    const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
    const stale = await controlPlane.call('POST', `/v1/networks/${name}/rules`, rule, { 'if-match': '"2"' });
    expect([stale.status, stale.body.code]).to.deep.equal([412, 'VERSION_CONFLICT']);
    expect(stale.body.detail).to.equal(`network ${name} is at version 3, not at 2`);
    const present = await controlPlane.call('POST', `/v1/networks/${name}/rules`, rule, { 'if-match': '3' });
    expect([present.status, present.body.version]).to.deep.equal([201, 4]);
  });

  it('names a network and a sandbox in refusals as people do, and not by their streams', async () => {
    const stale = { 'if-match': '99' };
    const created = await controlPlane.call('POST', '/v1/networks', { name: 'unmade' }, stale);
    expect(created.body).to.include({ code: 'VERSION_CONFLICT' });
    expect(created.body.detail).to.equal('network unmade is at version 0, not at 99');
    const labelled = await controlPlane.call('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { a: '1' } }, stale);
    expect(labelled.body.detail).to.match(/^sandbox sbx-web is at version \d+, not at 99$/);
  });

  it('lets one of two creators have a name, and the writes of many in turn', async () => {
    const body = { name: 'contested' };
    const both = await Promise.all([1, 2].map(() => controlPlane.call('POST', '/v1/networks', body)));
    expect(both.map(({ status }) => status).sort()).to.deep.equal([201, 409]);
    expect(both.find(({ status }) => status === 409)?.body.code).to.equal('NETWORK_EXISTS');

    const name = await networkWithApi();
    const ports = Array.from({ length: 20 }, (_, index) => 10_000 + index);
    const writes = await Promise.all(
      ports.map((port) =>
        controlPlane.call('POST', `/v1/networks/${name}/rules`, { effect: 'deny', from: 'any', to: 'api', port }),
      ),
    );
    expect(writes.map(({ status }) => status)).to.deep.equal(ports.map(() => 201));
    expect(new Set(writes.map(({ body: { version } }) => version)).size).to.equal(ports.length);
  });

  it('refuses what the present state does not allow, with a code and a next step', async () => {
    const name = await networkWithApi();
    const at = `/v1/networks/${name}`;
    const taken = await controlPlane.call('POST', `${at}/attachments`, {
      sandboxId: 'sbx-worker',
      alias: 'api',
      ports: ['1'],
    });
    expect([taken.status, taken.body.code]).to.deep.equal([409, 'ALIAS_TAKEN']);
    const unknown = await controlPlane.call('POST', `${at}/attachments`, { sandboxId: 'sbx-none' });
    expect([unknown.status, unknown.body.code]).to.deep.equal([404, 'SANDBOX_NOT_FOUND']);
    const loose = await controlPlane.call('POST', `${at}/aliases`, {
      sandboxId: 'sbx-web',
      alias: 'web',
      ports: ['1'],
    });
    expect([loose.status, loose.body.code]).to.deep.equal([404, 'NOT_ATTACHED']);
    const filled = await controlPlane.call('DELETE', at);
    expect([filled.status, filled.body.code]).to.deep.equal([409, 'NETWORK_NOT_EMPTY']);
    expect(filled.body.detail).to.include('sbx-api');
    for (const { body } of [taken, unknown, loose, filled]) expect(body.remedy).to.be.a('string');

    const emptied = await controlPlane.call('DELETE', `${at}?detachAll=true`);
    expect(emptied.body.result).to.deep.equal({ detached: ['sbx-api'] });
  });

  it('detaches with aliases, says which rules are left, and reattaches without a change', async () => {
    const name = await networkWithApi();
    const at = `/v1/networks/${name}`;
    await controlPlane.call('POST', `${at}/rules`, { effect: 'allow', from: 'local', to: 'api', port: 8080 });
    const reattached = await controlPlane.call('POST', `${at}/attachments/sbx-api/reattach`);
    expect(reattached.body).to.include({ version: 4, changed: false });
    const detached = await controlPlane.call('DELETE', `${at}/attachments/sbx-api`);
    expect(detached.body.result).to.deep.equal({ sandboxId: 'sbx-api', aliasesRemoved: ['api'], rulesLeft: 1 });
    const again = await controlPlane.call('POST', `${at}/attachments/sbx-api/reattach`);
    expect([again.status, again.body.code]).to.deep.equal([404, 'NOT_ATTACHED']);
  });

  it('shows sandboxes with their networks and labels, and copies labels onto networks', async () => {
    const name = await networkWithApi();
    const labelled = await controlPlane.call('PATCH', '/v1/sandboxes/sbx-api/labels', { set: { tier: 'back' } });
    expect(labelled.body).to.include({ changed: true });
    await waitFor('the label is on the network', async () => {
      const { body } = await controlPlane.call('GET', `/v1/networks/${name}/attachments?label=tier%3Dback`);
      return JSON.stringify(body.items).includes('sbx-api');
    });
    const shown = await controlPlane.call('GET', '/v1/sandboxes/sbx-api');
    expect(shown.body).to.include({ id: 'sbx-api', agentId: 'host-b', status: 'RUNNING', driver: 'static' });
    expect(JSON.stringify(shown.body.networks)).to.include(`api.${name}.gstacks`);
    const listed = await controlPlane.call('GET', '/v1/sandboxes?label=tier');
    expect((listed.body.items as { id: string }[]).map(({ id }) => id)).to.deep.equal(['sbx-api']);
  });

  it('pages lists without leaving anything out', async () => {
    const seen: string[] = [];
    let cursor: unknown = null;
    do {
      const query = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await controlPlane.call('GET', `/v1/networks?limit=2${query}`);
      seen.push(...(body.items as { name: string }[]).map(({ name }) => name));
      cursor = body.nextCursor;
    } while (cursor !== null);
    const all = await controlPlane.call('GET', '/v1/networks?limit=500');
    expect(seen).to.deep.equal((all.body.items as { name: string }[]).map(({ name }) => name));
  });
});
