import { expect } from 'chai';
import { chooseContext, contextPaths, loginPath } from '#apps/cli/context/context.js';
import { parseSavedContext, parseToken, parseUrl } from '#apps/cli/context/parse-context.js';
import { readEnvironment } from '#apps/cli/environment.js';
import { thrown } from '#test/unit/cli/thrown.js';

const home = { url: 'http://home', token: 'home-token', path: '/clone/.gstacks/context.json' };
const login = { url: 'http://login', token: 'login-token', path: '/user/.config/gstacks/config.json' };

describe('cli: which control plane a command goes to', () => {
  const rows: readonly {
    readonly name: string;
    readonly input: Parameters<typeof chooseContext>[0];
    readonly saved: Parameters<typeof chooseContext>[1];
    readonly gives: readonly [url: string, token: string];
  }[] = [
    {
      name: 'flags before everything',
      input: { flagUrl: 'http://flag', flagToken: 'f', environmentUrl: 'http://env', environmentToken: 'e' },
      saved: [home, login],
      gives: ['http://flag', 'f'],
    },
    {
      name: 'the environment before what is saved',
      input: { environmentUrl: 'http://env', environmentToken: 'e' },
      saved: [home, login],
      gives: ['http://env', 'e'],
    },
    { name: 'the home folder before the login', input: {}, saved: [home, login], gives: ['http://home', 'home-token'] },
    { name: 'the login at last', input: {}, saved: [login], gives: ['http://login', 'login-token'] },
    {
      name: 'a url of a flag with the token of the environment',
      input: { flagUrl: 'http://flag', environmentUrl: 'http://env', environmentToken: 'e' },
      saved: [],
      gives: ['http://flag', 'e'],
    },
    {
      name: 'a url alone with the token saved for it',
      input: { flagUrl: 'http://login' },
      saved: [home, login],
      gives: ['http://login', 'login-token'],
    },
    {
      name: 'a token alone with the first saved url',
      input: { flagToken: 'f' },
      saved: [home, login],
      gives: ['http://home', 'f'],
    },
  ];
  for (const { name, input, saved, gives } of rows) {
    it(`takes ${name}`, () => {
      const { url, token } = chooseContext(input, saved);
      expect([url, token]).to.deep.equal(gives);
    });
  }

  it('never sends a saved token to another url', () => {
    const error = thrown(() => chooseContext({ environmentUrl: 'http://elsewhere' }, [home, login]));
    expect(error).to.include({ code: 'TOKEN_MISSING' });
    expect(error.remedy).to.contain('gstacks login --url http://elsewhere');
  });

  it('says what to do when nothing is configured', () => {
    const error = thrown(() => chooseContext({}, []));
    expect(error).to.include({ code: 'CONTEXT_MISSING' });
    expect(error.remedy).to.contain('npm start').and.contain('gstacks login');
  });

  it('looks in GLOBALSTACKS_HOME or in the clone, then in the configuration folder', () => {
    expect(contextPaths(readEnvironment({}), '/clone', '/user')).to.deep.equal([
      '/clone/.gstacks/context.json',
      '/user/.config/gstacks/config.json',
    ]);
    expect(
      contextPaths(readEnvironment({ GLOBALSTACKS_HOME: '/h', XDG_CONFIG_HOME: '/x' }), '/clone', '/user'),
    ).to.deep.equal(['/h/context.json', '/x/gstacks/config.json']);
    expect(loginPath(readEnvironment({}), '/user')).to.equal('/user/.config/gstacks/config.json');
  });
});

describe('cli: urls, tokens and saved contexts', () => {
  it('takes plain urls and drops the trailing slash', () => {
    expect(parseUrl('http://127.0.0.1:7080/', '--url')).to.equal('http://127.0.0.1:7080');
    expect(parseUrl('https://host/base/', '--url')).to.equal('https://host/base');
  });

  for (const url of ['', 'host:7080', 'ftp://host', 'http://', 'http://h?x=1', 'http://h#x', 'javascript:1']) {
    it(`refuses ${JSON.stringify(url)} as a url`, () => {
      expect(thrown(() => parseUrl(url, '--url'))).to.include({ code: 'INVALID_INPUT' });
    });
  }

  it('does not repeat the password of a url', () => {
    expect(thrown(() => parseUrl('http://user:hunter2@host', '--url')).message).to.not.contain('hunter2');
  });

  it('takes a token with a line break at its end, and refuses one that would break a header', () => {
    expect(parseToken('abc\n', 'f')).to.equal('abc');
    for (const token of ['', ' \n', 'a b', 'a\r\nx: y', 'é', 'x'.repeat(5000)]) {
      const error = thrown(() => parseToken(token, 'f'));
      expect(error).to.include({ code: 'INVALID_INPUT' });
      if (token.length > 2) expect(error.message).to.not.contain(token);
    }
  });

  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"url":1,"token":"a"}',
    '{"url":"http://h"}',
    '{"url":"http://h","token":"a b"}',
  ]) {
    it(`names the file of a damaged context: ${text}`, () => {
      const error = thrown(() => parseSavedContext(text, '/p/context.json'));
      expect(error).to.include({ code: 'CONTEXT_DAMAGED' });
      expect(error.message).to.contain('/p/context.json');
    });
  }
});
