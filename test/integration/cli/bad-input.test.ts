import { expect } from 'chai';
import { words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';

const ATTACH = 'network attach dev sbx-api';
const ALLOW = 'network policy allow dev';
const LONG = 'a'.repeat(64);
const MANY_PORTS = Array.from({ length: 33 }, (_, index) => `--port ${8000 + index}`).join(' ');

/** A command line, and a part of what is said about it. A list is taken word by word, so that words may be empty. */
const rows: readonly (readonly [string | readonly string[], string])[] = [
  ['frobnicate', 'there is no command `frobnicate`'],
  ['network crete dev', 'gstacks network create'],
  ['netwrk list', 'gstacks network list'],
  ['network', 'USAGE'],
  ['network alias', 'USAGE'],
  ['network create', 'Missing 1 required arg'],
  ['network create Dev', 'network: \\"Dev\\"'],
  ['network create -dev', 'Nonexistent flag'],
  ['network create dev-', 'network:'],
  [`network create ${LONG}`, 'network:'],
  [['network', 'create', ''], 'network:'],
  [['network', 'create', 'a b'], 'network:'],
  [['network', 'create', '../dev'], 'network:'],
  [['network', 'create', 'dév'], 'network:'],
  [['network', 'create', 'dev\u001b[2J'], 'network:'],
  ['network create dev extra', 'Unexpected argument'],
  ['network create dev --bogus', '--bogus'],
  ['network create dev --mode routed_mesh', 'MODE_UNAVAILABLE'],
  ['network create dev --mode vpn', '--mode'],
  ['network create dev --max-staleness 1y', '--max-staleness'],
  ['network create dev --max-staleness 1s', '--max-staleness'],
  ['network create dev --wait=0', '--wait'],
  ['network create dev --wait=301', '--wait'],
  ['network create dev --wait=soon', '--wait'],
  ['network create dev --wait=-1', '--wait'],
  ['network create dev --wait=1.5', '--wait'],
  ['network create dev --if-match x', '--if-match'],
  ['network create dev --if-match=-1', '--if-match'],
  [['network', 'create', 'dev', '--idempotency-key', ''], '--idempotency-key'],
  [['network', 'create', 'dev', '--idempotency-key', 'a b'], '--idempotency-key'],
  [['network', 'create', 'dev', '--idempotency-key', 'a\r\nX-Evil: 1'], '--idempotency-key'],
  ['network create dev --timeout 0', '--timeout'],
  ['network create dev --timeout x', '--timeout'],
  ['network create dev --url nonsense', '--url'],
  ['network create dev --url ftp://host', '--url'],
  ['network create dev --token-file /does/not/exist', 'there is no file /does/not/exist'],
  ['network create dev --token secret', '--token'],
  [`${ATTACH} --alias api`, '--port is missing'],
  [`${ATTACH} --port 8080`, '--alias is missing'],
  [`${ATTACH} --alias local --port 8080`, 'ALIAS_RESERVED'],
  [`${ATTACH} --alias any --port 8080`, 'ALIAS_RESERVED'],
  [`${ATTACH} --alias API --port 8080`, '--alias'],
  [`${ATTACH} --alias api --port 0`, '--port'],
  [`${ATTACH} --alias api --port 65536`, '--port'],
  [`${ATTACH} --alias api --port http`, '--port'],
  [`${ATTACH} --alias api --port 8080/udp`, 'UDP_UNSUPPORTED'],
  [`${ATTACH} --alias api --port 80:`, '--port'],
  [`${ATTACH} --alias api --port 80:0`, '--port'],
  [`${ATTACH} --alias api --port 80 --port 80:8080`, 'each published port once'],
  [`${ATTACH} --alias api ${MANY_PORTS}`, '1 to 32 ports'],
  ['network attach dev', 'Missing 1 required arg'],
  ['network attach dev -- -sbx', 'sandbox-id'],
  [['network', 'attach', 'dev', 'sbx/../x'], 'sandbox-id'],
  ['network attach dev sbx extra', 'Unexpected argument'],
  ['network alias add dev sbx-api api', '--port'],
  ['network alias add dev sbx-api local --port 1', 'ALIAS_RESERVED'],
  ['network alias add dev sbx-api api --port 99999', '--port'],
  ['network alias remove dev', 'Missing 1 required arg'],
  ['network alias remove dev API', 'alias:'],
  ['network alias list', 'Missing 1 required arg'],
  [`${ALLOW} --to api --port 8080`, '--from'],
  [`${ALLOW} --from local --port 8080`, '--to'],
  [`${ALLOW} --from local --to api`, '--port'],
  [`${ALLOW} --from local --to api --port 0`, '--port'],
  [`${ALLOW} --from local --to api --port 80:8080`, '--port'],
  [`${ALLOW} --from local --to local --port 80`, 'ALIAS_RESERVED'],
  [`${ALLOW} --from nobody:x --to api --port 80`, '--from'],
  [`${ALLOW} --from label:tier --to api --port 80`, '--from'],
  [`${ALLOW} --from label:=web --to api --port 80`, '--from'],
  [`${ALLOW} --from sandbox: --to api --port 80`, '--from'],
  [['network', 'policy', 'allow', 'dev', '--from', '', '--to', 'api', '--port', '80'], '--from'],
  [`network policy deny dev --from LOCAL --to api --port 80`, '--from'],
  ['network policy remove dev rule', 'rule-id'],
  ['network policy remove dev rule-4f9c21ab;rm', 'rule-id'],
  ['network policy list dev --effect maybe', '--effect'],
  ['network test dev local api', 'to:'],
  ['network test dev local api:', 'to:'],
  ['network test dev local :8080', 'to:'],
  ['network test dev local api:8080 --expect maybe', '--expect'],
  ['network test dev bad:selector api:8080', 'from:'],
  ['network resolve dev API', 'alias:'],
  ['network list --status FINE', '--status'],
  ['network list --label ===', '--label'],
  ['network list --limit 0', '--limit'],
  ['network list --limit 501', '--limit'],
  ['sandbox list --status running', '--status'],
  ['sandbox list --network X', '--network'],
  ['sandbox show', 'Missing 1 required arg'],
  ['sandbox label sbx-api', 'no labels are given'],
  ['sandbox label sbx-api tier', 'label:'],
  ['sandbox label sbx-api Tier=web', 'label:'],
  [['sandbox', 'label', 'sbx-api', 'tier=a b'], 'label:'],
  ['sandbox label sbx-api tier=a tier=b', 'each key once'],
  ['sandbox exec sbx-api', 'no command is given'],
  ['sandbox exec sbx-api curl', 'Unexpected argument: curl'],
  ['sandbox exec', 'Missing 1 required arg'],
  ['sandbox exec sbx-api curl -s http://x', 'Nonexistent flag'],
  ['agent list --status up', '--status'],
  ['agent enroll Host_A', 'agent:'],
  ['agent revoke host.a', 'agent:'],
  ['whoami extra', 'there is no command `whoami extra`'],
];

/** A topic alone is a question, not a mistake. */
const isHelp = (says: string): boolean => says === 'USAGE';

describe('cli: bad input is refused before anything is asked', function () {
  this.timeout(120_000);
  const at = stage();

  for (const [line, says] of rows) {
    const argv = typeof line === 'string' ? words(line) : line;
    it(JSON.stringify(argv.join(' ')).slice(0, 90), async () => {
      const { server, gstacks, env } = at();
      const { exitCode, stdout, stderr } = await gstacks.run(argv, { env });
      if (isHelp(says)) {
        expect(exitCode).to.equal(0);
        expect(stdout).to.contain(says);
      } else {
        expect(exitCode).to.equal(2);
        expect(stdout).to.equal('');
        expect(JSON.stringify(stderr)).to.contain(says.includes('\\') ? says : JSON.stringify(says).slice(1, -1));
        expect(stderr).to.match(/\n {2}try: .*gstacks|\n {2}try: .*npm start/);
        expect(stderr.replaceAll('\n', '')).to.not.match(/\p{Cc}/u);
        expect(stderr)
          .to.not.match(/\bat .*\.js/)
          .and.not.contain('secret-token');
      }
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
