import { expect } from 'chai';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { BAD_COMMAND_LINES } from '#test/support/bad-command-lines.js';

describe('cli: bad input is refused before anything is asked', function () {
  this.timeout(120_000);
  const at = stage();

  for (const [line, says] of BAD_COMMAND_LINES) {
    const argv = typeof line === 'string' ? words(line) : line;
    it(JSON.stringify(argv.join(' ')).slice(0, 90), async () => {
      const { server, gstacks, env } = at();
      const { exitCode, stdout, stderr } = await gstacks.run(argv, { env });
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
    const { gstacks, env } = at();
    for (const line of [
      'frobnicate --json',
      'network create --json',
      'network create Dev --json',
      'network --bogus --json',
    ]) {
      const { exitCode, stdout, stderr } = await gstacks.run(words(line), { env });
      expect(exitCode, line).to.equal(2);
      expect(stderr).to.equal('');
      expect(Object.keys(JSON.parse(stdout).error)).to.deep.equal(['code', 'message', 'remedy']);
    }
  });
});
