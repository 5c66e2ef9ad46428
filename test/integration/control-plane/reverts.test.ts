import { expect } from 'chai';
import type { HistoryPageDto, NetworkDiffDto } from '#libs/contracts/http/history.js';
import type { PreviewDto } from '#libs/contracts/http/previews.js';
import type { RevertWriteDto } from '#libs/contracts/http/reverts.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

/** The version with everything in place, and the one after everything was removed. */
const WHOLE = 7;
const API = 'sandbox:sbx-web -> api:8080';
const OUTSIDE = 'sandbox:sbx-web -> packages.example.com:443';

describe('reverting a network', () => {
  let controlPlane: TestControlPlane;
  let target: SimulatedAgent;
  let apart: number;

  async function call<Answer>(method: string, path: string, body?: object, headers = {}): Promise<Answer> {
    const { text } = await controlPlane.call(method, `/v1/networks/dev${path}`, body, headers);
    return JSON.parse(text);
  }
  const texts = (reached: PreviewDto['gained']) =>
    reached.map(({ from, alias, port }) => `${from} -> ${alias}:${port}`);
  const preview = (version: number) => call<PreviewDto>('POST', '/previews', { kind: 'revert', version });
  const revert = (to: number, headers = {}) =>
    call<RevertWriteDto & { code?: string }>('POST', '/reverts', { to }, headers);
  const differ = async (from: number, to: number) => {
    const { gained, lost } = await call<NetworkDiffDto>('GET', `/diff?from=${from}&to=${to}`);
    return [...texts(gained), ...texts(lost)];
  };

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web']);
    target = await controlPlane.agent('host-b', ['sbx-api', 'sbx-new']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/attachments', { sandboxId: 'sbx-web', alias: 'web', ports: ['80'] });
    await call('POST', '/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    await call('POST', '/rules', { effect: 'allow', from: 'web', to: 'api', port: 8080 });
    const outside = { effect: 'allow', from: 'web', to: 'packages.example.com', port: 443 };
    const { version } = await call<RevertWriteDto>('POST', '/egress-rules', outside);
    expect(version).to.equal(WHOLE);
    await call('DELETE', '/attachments/sbx-api');
    await call('POST', '/attachments', { sandboxId: 'sbx-new', alias: 'api', ports: ['9090'], inheritRules: true });
    const denial = await call<RevertWriteDto>('POST', '/rules', { effect: 'deny', from: 'web', to: 'api', port: 9090 });
    apart = denial.version;
    await target.report(['sbx-new']);
    await waitFor('its agent let go of sbx-api', async () => {
      const { body } = await controlPlane.call('GET', '/v1/sandboxes/sbx-api');
      return body.status === 'GONE';
    });
  });

  after(() => controlPlane.end());

  it('is previewed: who gains and loses what, and which sandbox no agent has, and nothing is written', async () => {
    const { gained, lost, changed, version, warnings } = await preview(WHOLE);
    expect({ gained: texts(gained), lost: texts(lost), changed, version }).to.deep.equal({
      ...{ gained: [API], lost: [], changed: true, version: apart },
    });
    expect(warnings.map(({ code }) => code)).to.deep.equal(['SANDBOX_GONE']);
    expect((await preview(1)).lost.map(({ alias }) => alias)).to.deep.equal(['packages.example.com']);
    expect((await call<NetworkDiffDto['to']>('GET', '')).version).to.equal(apart);
  });

  const refusals = [
    ['a version that is not there', () => revert(99), 'VERSION_NOT_FOUND'],
    ['a version before the first', () => revert(0), 'INVALID_INPUT'],
    ['another version than the one that was seen', () => revert(WHOLE, { 'if-match': '3' }), 'VERSION_CONFLICT'],
    ['a preview of a version that is not there', () => preview(99), 'VERSION_NOT_FOUND'],
    ['a preview without a version', () => call('POST', '/previews', { kind: 'revert' }), 'FIELD_MISSING'],
  ] as const;
  for (const [what, ask, code] of refusals) {
    it(`refuses ${what}, and writes nothing`, async () => {
      expect(await ask()).to.include({ code });
      expect((await call<NetworkDiffDto['to']>('GET', '')).version).to.equal(apart);
    });
  }

  it('makes the network what it was by new events of one command, and a repeat gets the first answer', async () => {
    const key = { 'idempotency-key': 'revert-1' };
    const answer = await revert(WHOLE, key);
    expect(answer).to.include({ changed: true, network: 'dev' });
    expect(answer.warnings.map(({ code }) => code)).to.deep.equal(['SANDBOX_GONE']);
    expect(answer.result.changes).to.deep.include.members(['detach sbx-new', 'publish api by sbx-api on 8080']);
    expect(await differ(WHOLE, answer.version)).to.deep.equal([]);
    expect(await differ(apart, answer.version)).to.deep.equal([API]);
    const { items } = await call<HistoryPageDto>('GET', '/history');
    const written = items.filter(({ version }) => version > apart);
    expect(written.map(({ summary }) => summary).toReversed()).to.deep.equal(answer.result.changes);
    expect(new Set(written.map(({ commandId }) => commandId))).to.deep.equal(new Set(['revert-1']));
    expect(await revert(WHOLE, key)).to.deep.equal(answer);
    expect(await revert(WHOLE)).to.deep.include({ changed: false, version: answer.version });
    expect(texts((await preview(1)).lost)).to.deep.equal([API, OUTSIDE]);
  });
});
