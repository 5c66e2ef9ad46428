import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ApplyDeclarationDto, DeclarationPreviewDto } from '#libs/contracts/http/declarations.js';
import { type Finished, Gstacks } from '#test/integration/cli/gstacks.js';
import { CLONE } from '#test/support/clone.js';
import { TestControlPlane } from './setup.js';

const EXAMPLE = join(CLONE, 'docs/examples/network.yaml');

describe('a network that a file declares', () => {
  let controlPlane: TestControlPlane;
  let gstacks: Gstacks;

  const call = (method: string, path: string, body?: object, headers: Record<string, string> = {}) =>
    controlPlane.call(method, `/v1/networks/dev${path}`, body, headers);
  const version = async () => Number((await call('GET', '')).body.version);
  const declaration = async (): Promise<Record<string, readonly Record<string, unknown>[]>> => {
    const { sandboxes, rules, egress } = JSON.parse((await call('GET', '/declaration')).text);
    return { sandboxes, rules, egress };
  };
  const run = (line: string): Promise<Finished> =>
    gstacks.run(line.split(' '), {
      env: { GLOBALSTACKS_URL: controlPlane.url, GLOBALSTACKS_TOKEN: controlPlane.adminToken },
    });
  const file = (text: string) => writeFile(join(gstacks.folder, 'network.yaml'), text);

  before(async () => {
    controlPlane = await TestControlPlane.start();
    gstacks = await Gstacks.create();
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-worker']);
    await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await file(await readFile(EXAMPLE, 'utf8'));
  });

  after(async () => {
    await gstacks?.remove();
    await controlPlane?.end();
  });

  it('is shown before it is written, and --check tells a pipeline that something would change', async () => {
    const shown = await run('diff -f network.yaml');
    expect(shown.exitCode, shown.stderr).to.equal(0);
    expect(shown.stdout).to.contain('dev: 8 to change at version 1\n');
    expect(shown.stdout).to.contain('  publish api by sbx-api on 80:8080, 8080\n');
    expect(shown.stdout).to.contain('+ allow  sandbox:sbx-web -> api:8080\n');
    expect(shown.stdout).to.contain('+ allow  sandbox:sbx-worker -> *.example.com:443\n');
    expect(shown.stdout).to.contain('to apply exactly this: gstacks apply -f network.yaml --if-match 1\n');
    expect(await run('apply -f network.yaml --check')).to.include({ exitCode: 9, stdout: shown.stdout });
    expect(await version()).to.equal(1);
  });

  it('is applied by one command, proven by the agents, and applied again it writes nothing', async () => {
    const applied = await run('apply -f network.yaml --if-match 1 --wait=30');
    expect(applied.exitCode, applied.stderr).to.equal(0);
    expect(applied.stdout)
      .to.contain('dev: changed 8 (version 9)\n')
      .and.to.match(/applied by 2\/2 agents/);
    const { items } = (await call('GET', '/history')).body as { items: { at: string }[] };
    expect(new Set(items.slice(0, 8).map(({ at }) => at)).size, 'one batch').to.equal(1);
    const again = await run('apply -f network.yaml --wait=30');
    expect(again.stdout).to.contain('dev: changed 0 (version 9)\n');
    expect(again.stdout).to.contain('already so since version 9; proven by 2/2 agents');
    expect(await version()).to.equal(9);
  });

  it('is printed by `network show` as a file that changes nothing', async () => {
    const { stdout } = await run('network show dev --output yaml');
    expect(stdout).to.contain('network: dev\n');
    await file(stdout);
    expect(await run('apply -f network.yaml --prune --check'), stdout).to.include({ exitCode: 0 });
  });

  it('refuses a second writer between diff and apply with exit code 7', async () => {
    const at = await version();
    await call('POST', '/rules', { effect: 'deny', from: 'any', to: 'web', port: 8080 });
    const late = await run(`apply -f network.yaml --if-match ${at}`);
    expect(late.exitCode, late.stdout).to.equal(7);
    expect(late.stderr).to.contain('VERSION_CONFLICT');
    expect(await version()).to.equal(at + 1);
  });

  it('names the place in the file of what the control plane refuses, and nothing is written', async () => {
    const rows: readonly (readonly [string, string, string, string])[] = [
      ['from: local', 'from: sbx-worker', 'rules[1].from', 'SOURCE_IS_SANDBOX'],
      ['to: api', 'to: db', 'rules[0].to', 'ALIAS_NOT_FOUND'],
      ['sandbox: sbx-worker', 'sandbox: sbx-none', 'sandboxes[2].sandboxId', 'SANDBOX_NOT_FOUND'],
      ['"*.example.com"', '"*.com"', 'egress[0].to', 'PUBLIC_SUFFIX'],
      ['port: 443', 'port: 443\n    via: host-z', 'egress[0].via', 'AGENT_NOT_FOUND'],
    ];
    const at = await version();
    const text = await readFile(EXAMPLE, 'utf8');
    const { readDeclarationFile } = await import('#apps/cli/declaration/declaration-file.js');
    for (const [from, to, field, code] of rows) {
      await file(text.replace(from, to));
      const declared = readDeclarationFile(join(gstacks.folder, 'network.yaml')).declaration;
      const { body } = await call('PUT', '/declaration', declared);
      expect(body, code).to.include({ code, field });
    }
    const refused = await run('apply -f network.yaml');
    expect(refused.stderr).to.contain('error: network.yaml:33:10: ').and.to.contain('(AGENT_NOT_FOUND)');
    expect(refused.exitCode).to.equal(6);
    expect(await version()).to.equal(at);
  });

  it('loses what is not declared with prune alone, and is told what the log tells', async () => {
    const wanted = await declaration();
    const body = {
      ...wanted,
      sandboxes: wanted.sandboxes?.filter(({ sandbox }) => sandbox !== 'sbx-worker'),
      egress: [],
    };
    const preview = async (prune: boolean): Promise<DeclarationPreviewDto> =>
      JSON.parse((await call('POST', '/declaration/preview', { ...body, prune })).text);
    expect(await preview(false)).to.include({ count: 0, changed: false });
    const pruned = await preview(true);
    expect(pruned.changes.at(-1)).to.equal('detach sbx-worker');
    const headers = { 'idempotency-key': 'prune-once' };
    const first = await call('PUT', '/declaration', { ...body, prune: true }, headers);
    expect(first.body).to.include({ changed: true, version: pruned.version + 2 });
    const { gained, lost } = (await call('GET', `/diff?from=${pruned.version}&to=${first.body.version}`)).body;
    expect({ gained, lost }).to.deep.equal({ gained: pruned.gained, lost: pruned.lost });
    expect(lost).to.deep.equal([{ from: 'sandbox:sbx-worker', alias: '*.example.com', port: 443 }]);
    const repeated = await call('PUT', '/declaration', { ...body, prune: true }, headers);
    expect(repeated.body, 'a repeat gets the first answer').to.deep.equal(first.body);
  });

  it('that breaks a policy test is refused with exit code 8, and written when an admin overrides it, which the log tells', async () => {
    const body = { from: 'web', to: 'api', port: 8080, effect: 'allow' };
    const added = await call('POST', '/policy-tests', body);
    expect(added.status, added.text).to.equal(201);
    const { id } = added.body.result as { id: string };
    expect((await call('GET', '/policy-tests')).body.items).to.deep.equal([
      { id, ...body, holds: true, since: added.body.version },
    ]);
    const at = await version();
    const text = await readFile(EXAMPLE, 'utf8');
    await file(text.replace('effect: allow', 'effect: deny'));
    const refused = await run('apply -f network.yaml');
    expect(refused.exitCode, refused.stderr).to.equal(8);
    expect(refused.stderr).to.contain(`${id} (web to api:8080 is allow)`).and.to.contain('(POLICY_TEST_BROKEN)');
    const deny = { effect: 'deny', from: 'any', to: 'api', port: 8080 };
    const preview = (headers = {}) => call('POST', '/previews', { kind: 'add-rule', ...deny }, headers);
    expect((await preview()).body.code).to.equal('POLICY_TEST_BROKEN');
    const { body: token } = await controlPlane.call('POST', '/v1/tokens', { user: 'ops', role: 'operator' });
    const override = { 'policy-tests': 'override' };
    const asOperator = { ...override, authorization: `Bearer ${String(token.token)}` };
    expect((await call('POST', '/rules', deny, asOperator)).status).to.equal(403);
    expect((await call('POST', '/rules', deny, { 'policy-tests': 'please' })).status).to.equal(400);

    // The previews of the same writes, which say what they would override.
    expect((await preview(asOperator)).status).to.equal(403);
    expect((await preview({ 'policy-tests': 'please' })).status).to.equal(400);
    const message = `${id} fails from now on: web to api:8080 is allow`;
    expect((await preview(override)).body.warnings).to.deep.include({ code: 'POLICY_TEST_OVERRIDDEN', message });
    for (const [line, next] of [
      ['diff -f network.yaml', 'gstacks apply -f network.yaml --override --if-match'],
      ['apply -f network.yaml --dry-run', 'gstacks apply -f network.yaml --override --if-match'],
      ['network policy plan deny dev --from any --to api --port 8080', '--port 8080 --override --if-match'],
    ] as const) {
      expect((await run(line)).exitCode, line).to.equal(8);
      const { stdout, stderr, exitCode } = await run(`${line} --override`);
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.contain(`warning: ${message} (POLICY_TEST_OVERRIDDEN)`).and.to.contain(next);
    }
    expect(await version(), 'nothing is written').to.equal(at);
    const overridden = await run('apply -f network.yaml --override');
    expect(overridden.stdout, overridden.stderr).to.contain('(POLICY_TEST_OVERRIDDEN)');
    const { items } = (await call('GET', '/history?limit=1')).body as { items: { summary: string; actor: string }[] };
    expect(items[0]).to.deep.include({ summary: `overridden: policy tests ${id}`, actor: 'user:admin' });
    const broken = await version();
    expect((await run(`network revert dev --to ${at} --yes`)).exitCode, 'it holds again').to.equal(0);
    expect((await run(`network revert dev --to ${broken} --yes`)).exitCode).to.equal(8);
    const reverted = await run(`network revert dev --to ${broken} --yes --override`);
    expect(reverted.stdout, reverted.stderr).to.contain('(POLICY_TEST_OVERRIDDEN)');
    expect((await call('GET', '/policy-tests')).body.items).to.deep.include({
      ...{ id, ...body, holds: false, since: added.body.version },
    });
    expect((await call('DELETE', `/policy-tests/${id}`)).body).to.deep.include({
      changed: true,
      result: { id, ...body },
    });
  });

  it('may hold 2,000 aliases and as many rules, and is met by what it shows', async () => {
    const names = [...Array(2_000).keys()].map((index) => `a${index}`);
    const body = {
      sandboxes: ['sbx-web', 'sbx-api'].map((sandbox, half) => ({
        sandbox,
        aliases: names.filter((_, index) => index % 2 === half).map((alias) => ({ alias, ports: [8080] })),
      })),
      rules: names.map((to) => ({ effect: 'allow', from: 'local', to, port: 8080 })),
    };
    const { status, text, body: written } = await call('PUT', '/declaration', body);
    expect(status, text.slice(0, 500)).to.equal(200);
    expect(written.result).to.include({ count: 4_000, gainedLeftOut: 1_800 });
    const again: ApplyDeclarationDto & object = JSON.parse(JSON.stringify(await declaration()));
    expect((await call('PUT', '/declaration', { ...again, prune: true })).body).to.include({
      ...{ changed: false, version: written.version },
    });
  });

  it('is as long as a network may be, and no other body is', async () => {
    const long = { sandboxes: [], rules: [], egress: [], prune: 'x'.repeat(300_000) };
    expect((await call('PUT', '/declaration', long)).status).to.equal(400);
    expect((await call('POST', '/rules', long)).status).to.equal(413);
    expect((await call('PUT', '/declaration', { prune: 'x'.repeat(5_000_000) })).status).to.equal(413);
  });
});
