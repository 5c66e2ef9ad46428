import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { CHECK_CODES } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { joinBody, newKeys } from '#test/integration/control-plane/joining.js';
import type { SimulatedAgent } from '#test/integration/control-plane/simulated-agent.js';
import { controlPlanePages } from './control-plane-pages.js';

/** Markup that would run, or show, wherever it is inserted unescaped. */
const markup = (of: string): string =>
  `${of}"'><img src=x onerror="hurt=1"><script>hurt=1</script><a href="javascript:hurt=1">&lt;\${hurt}{{hurt}}</a>`;

/** Names that the parsers accept, and that are dangerous as keys of an object. */
const NETWORK = 'constructor';
const ALIAS = 'tostring';
const SANDBOX = 'hasOwnProperty';
const LONG = `${'x'.repeat(127)}.`;
const LABELS = { valueof: 'constructor', 'a.b/c': 'x' };
const MACHINE = markup('laptop').slice(0, 60);
const AT = `/v1/networks/${NETWORK}`;

/** What an agent may report about itself and others, as long as it is a sentence. */
async function speakHostile(agent: SimulatedAgent): Promise<void> {
  const sandbox = (sandboxId: string, index: number): object => ({
    ...{ sandboxId, address: `127.10.0.${index}`, isolation: 'broken', source: 'unverified', dns: 'restart-required' },
    ...{ isolationEvidence: markup('seen'), isolationRemedy: markup('mend'), dnsRemedy: markup('resolver') },
    namespace: null,
  });
  const mesh = { transport: 'direct', state: 'failed', code: 'PORT_TAKEN', message: markup('mesh'), endpoints: [] };
  await agent.contact('hello', { softwareVersion: markup('v').slice(0, 60), mesh });
  await agent.send('inventory', {
    ...{ protocol: BUS_PROTOCOL, bootId: agent.bootId, sequence: 9, part: { index: 0, count: 1 }, driver: 'static' },
    sandboxes: [sandbox(SANDBOX, 1), sandbox(LONG, 2)],
    refused: [
      {
        ...{ name: markup('container'), sandboxId: null, code: 'NOT_TAKEN' },
        ...{ message: markup('refused'), remedy: markup('remedy') },
      },
    ],
  });
  agent.serveDiagnose(async (value) => {
    const { kind } = parseDiagnoseRequest(value);
    if (kind !== 'checks') throw new Error(markup('silence'));
    const said = { status: 'fail', evidence: markup('evidence'), remedy: markup('advice') };
    const checks = CHECK_CODES.map((code) => ({ code, ...said }));
    return { protocol: BUS_PROTOCOL, kind: 'checks', checks, effect: null };
  });
}

describe('hostile texts in the console', function () {
  this.timeout(60_000);
  const at = controlPlanePages({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
  let page: Page;

  before(async () => {
    const { controlPlane, open, link } = at();
    const agent = await controlPlane.agent('host-a', [SANDBOX, LONG]);
    await speakHostile(agent);
    await written('POST', '/v1/networks', { name: NETWORK });
    await written('PATCH', `/v1/sandboxes/${SANDBOX}/labels`, { set: LABELS });
    await written('POST', `${AT}/attachments`, { sandboxId: SANDBOX, alias: ALIAS, ports: ['8080'] });
    await written('POST', `${AT}/attachments`, { sandboxId: LONG });
    await written('POST', `${AT}/local-nodes`, joinBody(NETWORK, await newKeys(), MACHINE));
    agent.onTopology = (_, message) =>
      agent.acknowledge(message, {
        aliasFailures: [{ alias: parseAliasName(ALIAS, 'alias'), code: 'ADDRESS_IN_USE', message: markup('port') }],
      });
    await written('POST', `${AT}/rules`, { effect: 'allow', from: 'label:valueof=constructor', to: ALIAS, port: 8080 });
    page = await open();
    await page.setExtraHTTPHeaders({ 'user-agent': markup('browser') });
    await page.goto(await link());
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
  });

  async function written(method: string, path: string, body: object): Promise<void> {
    const { status, text } = await at().controlPlane.call(method, path, body);
    expect(status, text).to.be.within(200, 201);
  }

  /** Each place, and the text that it must show. */
  const places: readonly (readonly [path: string, texts: readonly string[]])[] = [
    ['/networks', [NETWORK, `${NETWORK}.gstacks`]],
    [`/networks/${NETWORK}`, [ALIAS, markup('port'), 'label:valueof=constructor']],
    [`/networks/${NETWORK}/aliases`, [SANDBOX, markup('port')]],
    [`/networks/${NETWORK}/policy?add=deny&from=local&to=${ALIAS}&port=8080`, ['label:valueof=constructor']],
    [`/networks/${NETWORK}/attachments`, ['valueof=constructor', markup('resolver'), LONG]],
    [`/networks/${NETWORK}/members`, [markup('port'), MACHINE]],
    [`/networks/${NETWORK}/map`, [SANDBOX, ALIAS]],
    ['/sandboxes', [SANDBOX, LONG, 'valueof=constructor']],
    [`/sandboxes/${SANDBOX}`, [markup('resolver'), markup('seen'), markup('mend'), 'valueof=constructor']],
    ['/agents/host-a', [markup('container'), markup('refused'), markup('remedy'), markup('v').slice(0, 60)]],
    ['/local-nodes', [MACHINE]],
    ['/sessions', [markup('browser').slice(0, 200)]],
    [`/networks/${encodeURIComponent(markup('none').slice(0, 40))}`, [markup('none').slice(0, 40)]],
    [`/agents/${encodeURIComponent(markup('none'))}`, [markup('none')]],
    [`/networks/${NETWORK}/aliases?remove=${encodeURIComponent(markup('none'))}`, [markup('none')]],
    [`/networks/${NETWORK}/diagnostics?from=${encodeURIComponent(markup('none'))}`, []],
  ];

  const harmless = async (): Promise<void> => {
    expect(await page.evaluate('typeof hurt')).to.equal('undefined');
    expect(await page.locator('img, a[href^="javascript"], body script, iframe').count()).to.equal(0);
  };

  for (const [path, texts] of places) {
    it(`are text at ${decodeURIComponent(path).slice(0, 60)}`, async () => {
      await page.goto(path);
      for (const text of texts) {
        await page.locator('body').getByText(text).filter({ visible: true }).first().waitFor();
      }
      await harmless();
    });
  }

  it('are text in what an agent answers to a question', async () => {
    await page.goto(`/networks/${NETWORK}/diagnostics?from=local&to=${ALIAS}&port=8080`);
    await page.getByRole('button', { name: 'Check every agent' }).click();
    for (const text of [markup('evidence'), markup('advice')]) await page.getByText(text).first().waitFor();
    await harmless();
  });

  it('are labels that can be read, written and taken away', async () => {
    await page.goto(`/sandboxes/${SANDBOX}`);
    await page.getByRole('button', { name: 'Edit labels' }).click();
    const form = page.getByRole('form', { name: 'Edit labels' });
    await form.getByLabel('Labels').fill('tostring=constructor');
    await form.getByText(`gstacks sandbox label ${SANDBOX} tostring=constructor valueof- a.b/c-`).waitFor();
    await form.getByRole('button', { name: 'Write labels' }).click();
    await form.waitFor({ state: 'detached' });
    const { body } = await at().controlPlane.call('GET', `/v1/sandboxes/${SANDBOX}`);
    expect(body.labels).to.deep.equal({ tostring: 'constructor' });
  });
});
