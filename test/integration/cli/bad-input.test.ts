import { expect } from 'chai';
import { BAD_COMMAND_LINES } from '#test/integration/cli/bad-command-lines.js';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { CommandLines } from '#test/support/command-lines.js';

describe('cli: bad input is refused before anything is asked', function () {
  this.timeout(120_000);
  const at = stage();
  let lines: CommandLines;

  before('one process for all', () => {
    const { gstacks, env } = at();
    lines = new CommandLines({ ...gstacks.environment, ...env }, gstacks.folder);
  });
  after(() => lines.end());

  for (const [line, says] of BAD_COMMAND_LINES) {
    const argv = typeof line === 'string' ? words(line) : line;
    it(JSON.stringify(argv.join(' ')).slice(0, 90), async () => {
      const { server } = at();
      const { exitCode, stdout, stderr } = await lines.run(argv);
      expect(exitCode).to.equal(2);
      expect(stdout).to.equal('');
      expect(JSON.stringify(stderr)).to.contain(says.includes('\\') ? says : JSON.stringify(says).slice(1, -1));
      expect(stderr).to.match(/\n {2}try: .*gstacks|\n {2}try: .*npm start/);
      expect(stderr.replaceAll('\n', '')).to.not.match(/\p{Cc}/u);
      expect(stderr)
        .to.not.match(/\bat .*\.js/)
        .and.not.contain('secret-token');
      expect(server.requests).to.deep.equal([]);
    });
  }

  it('does not take standard input for an argument', async () => {
    const { server, gstacks, env } = at();
    const { exitCode, stderr } = await gstacks.run(words('network create'), { env, stdin: 'dev\n' });
    expect(exitCode).to.equal(2);
    expect(stderr).to.contain('Missing 1 required arg');
    expect(server.requests).to.deep.equal([]);
  });

  it('answers with one JSON document when --json stands on the same line', async () => {
    for (const line of [
      'frobnicate --json',
      'network create --json',
      'network create Dev --json',
      'network --bogus --json',
    ]) {
      const { exitCode, stdout, stderr } = await lines.run(words(line));
      expect(exitCode, line).to.equal(2);
      expect(stderr).to.equal('');
      expect(Object.keys(JSON.parse(stdout).error)).to.deep.equal(['code', 'message', 'remedy']);
    }
  });
});
