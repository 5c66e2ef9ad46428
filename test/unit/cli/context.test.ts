import { expect } from 'chai';
import { chooseContext, loginPath, stackPath } from '#apps/cli/context/context.js';
import { parseSavedContexts, parseStackContext, parseToken, parseUrl } from '#apps/cli/context/parse-context.js';
import {
  choosing,
  inOrder,
  nameOf,
  parseContextName,
  type SavedContexts,
  withContext,
  withoutContext,
} from '#apps/cli/context/saved-contexts.js';
import { readEnvironment } from '#apps/cli/environment.js';
import { thrown } from '#test/unit/cli/thrown.js';

const home = { name: null, url: 'http://home', token: 'home-token', path: '/clone/.gstacks/context.json' };
const login = { name: 'login', url: 'http://login', token: 'login-token', path: '/user/.config/gstacks/config.json' };

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
    expect(stackPath(readEnvironment({}), '/clone')).to.equal('/clone/.gstacks/context.json');
    expect(stackPath(readEnvironment({ GLOBALSTACKS_HOME: '/h' }), '/clone')).to.equal('/h/context.json');
    expect(loginPath(readEnvironment({}), '/user')).to.equal('/user/.config/gstacks/config.json');
    expect(loginPath(readEnvironment({ XDG_CONFIG_HOME: '/x' }), '/user')).to.equal('/x/gstacks/config.json');
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
      for (const parse of [parseStackContext, parseSavedContexts]) {
        const error = thrown(() => parse(text, '/p/context.json'));
        expect(error).to.include({ code: 'CONTEXT_DAMAGED' });
        expect(error.message).to.contain('/p/context.json');
      }
    });
  }

  for (const text of [
    '{"contexts":{}}',
    '{"contexts":[1]}',
    '{"contexts":[{"url":"http://h","token":"a"}]}',
    '{"contexts":[{"name":"n","url":"http://h"}]}',
    '{"contexts":[],"current":7}',
  ]) {
    it(`names the file of damaged contexts: ${text}`, () => {
      const error = thrown(() => parseSavedContexts(text, '/p/config.json'));
      expect(error).to.include({ code: 'CONTEXT_DAMAGED' });
      expect(error.message).to.contain('/p/config.json');
    });
  }

  it('reads what an earlier release kept as the context of that control plane', () => {
    expect(parseSavedContexts('{"url":"https://gs.example.com","token":"t"}', '/p')).to.deep.equal({
      current: null,
      contexts: [{ name: 'gs.example.com', url: 'https://gs.example.com', token: 't' }],
    });
  });
});

describe('cli: contexts that login keeps', () => {
  const a = { name: 'a', url: 'http://a', token: 'ta' };
  const b = { name: 'b', url: 'http://b', token: 'tb' };
  const both: SavedContexts = { current: null, contexts: [a, b] };
  const namesOf = (saved: SavedContexts, stack: typeof home | null, homeIsNamed = false) =>
    inOrder(stack, saved, '/p', homeIsNamed).map(({ name }) => name ?? 'stack');

  const orders: readonly (readonly [what: string, order: readonly string[], expected: readonly string[]])[] = [
    ['the stack, then the latest login, when none was chosen', namesOf(both, home), ['stack', 'b', 'a']],
    ['the one that was chosen', namesOf(choosing(both, 'a'), home), ['a', 'stack', 'b']],
    ['the stack of a home folder that was named', namesOf(choosing(both, 'a'), home, true), ['stack', 'a', 'b']],
    ['the stack again', namesOf(choosing(choosing(both, 'a'), 'stack'), home), ['stack', 'b', 'a']],
    ['the latest login where there is no stack', namesOf(both, null), ['b', 'a']],
    ['what is left of a chosen one that was forgotten', namesOf(withoutContext(choosing(both, 'b'), 'b'), null), ['a']],
    [
      'a new login, where another context was chosen',
      namesOf(withContext(choosing(both, 'a'), b), home),
      ['b', 'stack', 'a'],
    ],
    ['the stack still, after a login where none was chosen', namesOf(withContext(both, a), home), ['stack', 'a', 'b']],
  ];
  for (const [what, order, expected] of orders) {
    it(`come in order: first ${what}`, () => expect(order).to.deep.equal(expected));
  }

  it('keep one token by name: the latest', () => {
    const again = withContext(both, { ...a, token: 'new' });
    expect(again.contexts).to.deep.equal([b, { ...a, token: 'new' }]);
  });

  it('are refused by a name that none has', () => {
    for (const use of [choosing, withoutContext]) {
      expect(thrown(() => use(both, 'c'))).to.include({ code: 'CONTEXT_NOT_FOUND' });
    }
  });

  for (const [url, name] of [
    ['http://127.0.0.1:7080', '127.0.0.1:7080'],
    ['https://gs.example.com/base', 'gs.example.com-base'],
    ['http://[::1]:7080', '1:7080'],
  ] as const) {
    it(`are named after their control plane: ${url}`, () => {
      expect(nameOf(url)).to.equal(name);
    });
  }

  for (const name of ['', 'stack', 'A', 'a b', '-a', 'x'.repeat(64)]) {
    it(`may not be named ${JSON.stringify(name)}`, () => {
      expect(thrown(() => parseContextName(name))).to.include({ code: 'USAGE' });
    });
  }
});
