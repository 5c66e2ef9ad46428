import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { findingsOf as agentFindings } from '#apps/agent/commands/doctor.js';
import { enroll } from '#apps/agent/commands/enroll.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { findingsOf as controlPlaneFindings } from '#apps/control-plane/maintenance/doctor.js';
import { completed } from '#apps/control-plane/maintenance/environment.js';
import { givenTo } from '#libs/program/command-line.js';
import { exitCodeOfFindings, type Finding } from '#libs/program/doctor.js';
import { freePort } from '#test/support/ports.js';
import { TestControlPlane } from '../control-plane/setup.js';

const MISSING = '/nowhere/file';

describe('a doctor', function () {
  this.timeout(60_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-doctors-'));
  const at = (name: string) => join(folder, name);
  before(() => {
    writeFileSync(at('empty'), '');
    writeFileSync(at('short'), 'secret');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const ofControlPlane = (settings: object) =>
    controlPlaneFindings(() =>
      readSettings(
        completed({
          GLOBALSTACKS_DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
          GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:9',
          GLOBALSTACKS_KEYS_DIR: folder,
          ...settings,
        }),
      ),
    );
  const host = {
    ...{ GLOBALSTACKS_AGENT_NAME: 'host-a', GLOBALSTACKS_AGENT_DRIVER: 'docker' },
    ...{ GLOBALSTACKS_AGENT_STATE_DIR: at('state'), GLOBALSTACKS_MESH_TRANSPORT: 'direct' },
  };
  const ofAgent = (settings: object) =>
    agentFindings({ ...host, GLOBALSTACKS_CONTROL_PLANE_URL: 'http://127.0.0.1:9', ...settings });

  const files: readonly (readonly [
    whose: string,
    findings: (settings: object) => Promise<readonly Finding[]>,
    setting: string,
    file: string,
    why: RegExp,
  ])[] = [
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_CA_FILE', MISSING, /cannot be used: ENOENT/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_CA_FILE', folder, /cannot be used: EISDIR/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_CA_FILE', at('empty'), /holds no certificate in PEM/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE', MISSING, /cannot be read: ENOENT/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_BOOTSTRAP_TOKEN_FILE', at('short'), /20 to 200 letters/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_MESH_AUTH_KEY_FILE', MISSING, /cannot be read: ENOENT/],
    ['the control plane', ofControlPlane, 'GLOBALSTACKS_MESH_API_TOKEN_FILE', folder, /cannot be read: EISDIR/],
    ['an agent', ofAgent, 'GLOBALSTACKS_CA_FILE', MISSING, /cannot be used: ENOENT/],
    ['an agent', ofAgent, 'GLOBALSTACKS_AGENT_DRIVER', 'dokcer', /"dokcer" is not valid/],
  ];
  for (const [whose, findings, setting, file, why] of files) {
    it(`of ${whose} has one finding where ${setting} is ${file.replace(folder, '')}: ${why.source}`, async () => {
      const found = await findings({ [setting]: file });
      expect(found).to.have.length(1);
      const [{ code, evidence, remedy } = { code: '', evidence: '', remedy: null }] = found;
      expect(code).to.equal('SETTINGS');
      expect(evidence).to.match(why).and.not.contain('secret');
      expect(`${evidence} ${remedy}`).to.contain(setting);
      expect(exitCodeOfFindings(found)).to.equal(1);
    });
  }

  it('of the control plane reports a folder of keys that is missing once', async () => {
    const found = await ofControlPlane({ GLOBALSTACKS_KEYS_DIR: MISSING });
    const about = found.filter(({ evidence, remedy }) => `${evidence}${remedy}`.includes('GLOBALSTACKS_KEYS_DIR'));
    expect(about.map(({ code, status }) => [code, status])).to.deep.equal([['KEYS', 'fail']]);
    expect(found.filter(({ evidence }) => evidence.includes('ENOENT'))).to.have.length(1);
  });

  it('of an agent that was revoked says by whom and what to do, and nothing that follows from it', async () => {
    const controlPlane = await TestControlPlane.start();
    try {
      const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name: 'host-a' });
      writeFileSync(at('token'), String(body.token));
      const options = ['--url', controlPlane.url, '--name', 'host-a', '--token-file', at('token')];
      const places = ['--state-dir', at('state'), '--config', at('agent.env')];
      await enroll.run(givenTo('enroll', enroll, [...options, ...places]), {});
      const port = await freePort();
      const settings = {
        GLOBALSTACKS_CONTROL_PLANE_URL: controlPlane.url,
        GLOBALSTACKS_MESH_DIRECT_LISTEN: `127.0.0.1:${port}`,
      };
      const before = await ofAgent(settings);
      const statusOf = (found: readonly Finding[], code: string) => found.find((one) => one.code === code);
      expect(statusOf(before, 'ENROLLED')).to.include({ status: 'pass' });
      expect(statusOf(before, 'BUS')).to.include({ status: 'pass' });
      await controlPlane.call('DELETE', '/v1/agents/host-a');

      const after = await ofAgent(settings);
      const enrolled = statusOf(after, 'ENROLLED');
      expect(enrolled?.status).to.equal('fail');
      expect(enrolled?.evidence).to.match(/agent host-a was revoked by user:\S+ \(AGENT_REVOKED\)$/);
      expect(enrolled?.remedy)
        .to.contain(`empty ${at('state')}`)
        .and.contain('gstacks agent enroll host-a');
      for (const code of ['AGENT', 'BUS']) {
        const found = statusOf(after, code);
        expect([found?.status, found?.evidence], code).to.deep.equal([
          'skipped',
          'the control plane refuses this agent: see ENROLLED',
        ]);
      }
    } finally {
      await controlPlane.end();
    }
  });
});
