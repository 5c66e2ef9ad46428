import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { wordsOf } from '#test/support/command-grammar.js';
import { CommandLines, type Outcome } from '#test/support/command-lines.js';
import { freePort } from '#test/support/ports.js';
import { printedCommands } from '#test/support/printed-commands.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';

/** Commands that are not run here, and why. */
const SKIPPED: readonly (readonly [RegExp, string])[] = [
  [/^console$/, 'opens a browser: test/integration/cli/console.test.ts'],
  [/ (NAME|NETWORK)\b/, 'stands in a help text, with a word in capitals for what a person fills in'],
  [/^login /, 'asks for a token on the terminal: test/integration/cli/context.test.ts'],
  [/^network status dev --watch$/, 'goes on until Ctrl-C: test/integration/control-plane/status-watch.test.ts'],
  [/^audit export$/, 'prints lines, and no single document: test/integration/cli/audit.test.ts'],
  [/^sandbox exec /, 'static sandboxes have no namespace to run in: test/integration/cli/exec.test.ts'],
  [/^admin new-epoch --yes$/, 'ends the epoch of a stack that other tests share: test/e2e/restored-backup.test.ts'],
];

/**
 * The order of execution: commands that need a joined machine come after the join, commands that remove something come
 * last.
 */
const LAST: readonly RegExp[] = [
  /^mesh forward /,
  /^mesh (leave|revoke) /,
  /^network (policy|egress) remove /,
  /^network quarantine .*--wait$/,
  /^network quarantine .*--lift/,
  /^network (alias remove|detach) /,
  /^network revert .*--yes/,
  /^sandbox release /,
  /^network policy test add /,
  /^network delete /,
  /^(token|agent) revoke /,
  /^logout --/,
  /^logout$/,
];

/** Refusals with exit code 2 that are due to the state of this stack: the control plane has understood the command. */
const OF_STATE = new Set([
  ...['NETWORK_EXISTS', 'NETWORK_NOT_EMPTY', 'ALIAS_TAKEN', 'SANDBOX_HELD', 'POLICY_TEST_FAILS'],
  // There is no terminal.
  'NOT_CONFIRMED',
]);

describe('the commands that programs print', function () {
  this.timeout(300_000);
  const at = sharedStack('static', 'direct');
  let folder: string;
  let lines: CommandLines;
  /** Samples for placeholders of this stack. */
  let samples: ReadonlyMap<string, string>;

  before(async () => {
    const stack = at();
    folder = mkdtempSync(join(tmpdir(), 'gs-printed-'));
    mkdirSync(join(folder, 'gstacks'));
    const contexts = ['dev', 'prod'].map((name) => ({ name, url: stack.url, token: stack.token }));
    writeFileSync(join(folder, 'gstacks', 'config.json'), JSON.stringify({ current: null, contexts }));
    const env = { PATH: process.env.PATH ?? '', GLOBALSTACKS_HOME: stack.home, XDG_CONFIG_HOME: folder, HOME: folder };
    lines = new CommandLines(env, CLONE);
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-worker': 'worker:9090', 'sbx-api': 'api:8080' });
    const declaration = join(folder, 'network.yaml');
    writeFileSync(declaration, (await stack.gstacks('network', 'show', 'dev', '--output', 'yaml')).stdout);
    writeFileSync(join(folder, 'audit.pem'), (await stack.gstacks('audit', 'key')).stdout);
    const ports = await Promise.all([freePort(), freePort()]);
    samples = new Map([
      ['18080', String(ports[0])],
      ['18081', String(ports[1])],
      ['network.yaml', declaration],
      ['log.jsonl', join(folder, 'log.jsonl')],
      ['audit.pem', join(folder, 'audit.pem')],
    ]);
  });

  after(async () => {
    lines?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are understood by a real stack, each of them', async () => {
    const rank = (typed: string) => LAST.findIndex((pattern) => pattern.test(typed));
    const commands = [...new Set(printedCommands().map(({ typed }) => wordsOf(typed).join(' ')))]
      .filter((typed) => !SKIPPED.some(([pattern]) => pattern.test(typed)))
      .sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1));
    expect(commands).to.have.length.greaterThan(80);
    const faults: string[] = [];
    for (const typed of commands) {
      const words = typed.split(' ').map((word) => samples.get(word) ?? word);
      const fault = faultOf(await lines.run([...words, '--json']));
      if (fault !== null) faults.push(`${typed}: ${fault}`);
    }
    expect(faults).to.deep.equal([]);
  });

  it('that are left out are printed somewhere', () => {
    const typed = printedCommands().map((command) => wordsOf(command.typed).join(' '));
    expect(SKIPPED.filter(([pattern]) => !typed.some((line) => pattern.test(line)))).to.deep.equal([]);
  });
});

/**
 * The part that was not understood, or a defect; null: it was carried out, or refused for a reason other than its
 * arguments.
 */
function faultOf({ exitCode, stdout, stderr }: Outcome): string | null {
  if (exitCode === 1) return `${stdout}${stderr}`;
  if (exitCode !== 2) return null;
  const { error } = JSON.parse(stdout) as { readonly error: { readonly code: string; readonly message: string } };
  return OF_STATE.has(error.code) ? null : `${error.code}: ${error.message}`;
}
