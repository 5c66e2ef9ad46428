import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { enroll } from '#apps/agent/commands/enroll.js';
import { CodedError } from '#libs/contracts/errors.js';
import { givenTo } from '#libs/program/command-line.js';
import { CLONE } from '#test/support/clone.js';
import { ENROLLMENT_TOKEN, FakeControlPlane } from '#test/support/fake-control-plane.js';

const run = promisify(execFile);

describe('globalstacks-agent enroll', () => {
  let plane: FakeControlPlane;
  let folder: string;

  before(async () => {
    plane = await FakeControlPlane.start();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-enroll-'));
    writeFileSync(at('token'), ENROLLMENT_TOKEN);
    plane.enrolled.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  after(() => plane.close());

  const at = (name: string): string => join(folder, name);

  async function enrolled(...options: readonly string[]): Promise<number | null> {
    const argv = ['--url', plane.url, '--name', 'host-a', '--driver', 'link', '--state-dir', at('state')];
    return enroll.run(givenTo('enroll', enroll, [...argv, '--config', at('agent.env'), ...options]), {});
  }

  async function refusal(...options: readonly string[]): Promise<CodedError> {
    const error = await enrolled(...options).then(
      () => null,
      (failure: unknown) => failure,
    );
    if (error instanceof CodedError) return error;
    throw new Error(`not refused: ${error}`);
  }

  const faults: readonly (readonly [string, readonly string[], RegExp, RegExp])[] = [
    ['no --token-file', [], /--token-file is missing/, /enroll --help/],
    [
      'a token file that is missing',
      ['--token-file', '/nowhere'],
      /\/nowhere cannot be read/,
      /gstacks agent enroll host-a/,
    ],
    [
      'a setting that no agent has',
      ['--token-file', '/nowhere', '--set', 'GLOBALSTACKS_MESH_TRANSPROT=direct'],
      /no setting GLOBALSTACKS_MESH_TRANSPROT/,
      /enroll --help, which lists/,
    ],
    [
      'a value that is none',
      ['--token-file', '/nowhere', '--set', 'GLOBALSTACKS_MESH_TRANSPORT=derict'],
      /GLOBALSTACKS_MESH_TRANSPORT: "derict"/,
      /direct/,
    ],
  ];
  for (const [what, options, message, remedy] of faults) {
    it(`refuses ${what} on a new host`, async () => {
      const error = await refusal(...options);
      expect(error.message).to.match(message);
      expect(error.remedy).to.match(remedy);
      expect(existsSync(at('agent.env'))).to.equal(false);
    });
  }

  for (const [what, file] of [
    ['a token', 'token'],
    ['a token file that is missing', 'nowhere'],
  ] as const) {
    it(`refuses ${what} on an enrolled host, and changes nothing`, async () => {
      expect(await enrolled('--token-file', at('token'))).to.equal(0);
      const before = readFileSync(at('agent.env'), 'utf8');
      const error = await refusal('--token-file', at(file), '--set', 'GLOBALSTACKS_LOG_LEVEL=debug');
      expect(error.code).to.equal('ALREADY_ENROLLED');
      expect(error.message).to.include('the token was not used');
      expect(error.remedy).to.include('without --token-file').and.include('gstacks agent revoke host-a');
      expect(readFileSync(at('agent.env'), 'utf8')).to.equal(before);
    });
  }

  it('refuses a state folder that cannot be made, and says which', async () => {
    const error = await refusal('--token-file', at('token'), '--state-dir', join(at('token'), 'state'));
    expect(error).to.include({ code: 'STATE_FOLDER_UNUSABLE' });
    expect(error.message).to.include(`${at('token')}/state cannot be made: ENOTDIR`);
    expect(plane.enrolled).to.deep.equal([]);
  });

  it('names the settings that it removes', async () => {
    await enrolled('--token-file', at('token'), '--set', 'GLOBALSTACKS_LOG_LEVEL=debug');
    const program = join(CLONE, 'dist/programs/agent.js');
    const options = ['--url', plane.url, '--name', 'host-a', '--driver', 'link', '--config', at('agent.env')];
    const { stdout } = await run(process.execPath, [program, 'enroll', ...options, '--state-dir', at('state')]);
    expect(stdout).to.match(/^removed: {2}GLOBALSTACKS_LOG_LEVEL: /m);
  });

  it('changes the settings of an enrolled host without a token', async () => {
    await enrolled('--token-file', at('token'));
    expect(await enrolled('--set', 'GLOBALSTACKS_LOG_LEVEL=debug')).to.equal(0);
    expect(readFileSync(at('agent.env'), 'utf8')).to.include('GLOBALSTACKS_LOG_LEVEL=debug');
    expect(plane.enrolled).to.deep.equal(['host-a']);
  });
});
