import { expect } from 'chai';
import { parseSettings } from '#apps/all-in-one/settings.js';
import { CodedError } from '#libs/contracts/errors.js';

const CLONE = '/clone';

describe('settings of npm start', () => {
  const rows: readonly (readonly [string, readonly string[], Record<string, string>, object | string])[] = [
    ['nothing given', [], {}, { home: '/clone/.gstacks', port: 7_080, sandboxes: 'static' }],
    ['a home of the environment', [], { GLOBALSTACKS_HOME: '/h' }, { home: '/h', port: 7_080, sandboxes: 'static' }],
    [
      'an argument before the environment',
      ['--home', '/a'],
      { GLOBALSTACKS_HOME: '/h' },
      { home: '/a', port: 7_080, sandboxes: 'static' },
    ],
    [
      'a home beside where the person stands',
      ['--home', 'x'],
      { INIT_CWD: '/there' },
      { home: '/there/x', port: 7_080, sandboxes: 'static' },
    ],
    [
      'a port and namespaces',
      ['--port=8000', '--sandboxes=netns'],
      {},
      { home: '/clone/.gstacks', port: 8_000, sandboxes: 'netns' },
    ],
    ['nothing said of logs', [], { GLOBALSTACKS_LOG_FILES: '' }, { logs: { maxBytes: 16_777_216, files: 4 } }],
    [
      'bounds of logs',
      [],
      { GLOBALSTACKS_LOG_MEGABYTES: '2', GLOBALSTACKS_LOG_FILES: '1' },
      { logs: { maxBytes: 2_097_152, files: 1 } },
    ],
    ['help', ['-h'], {}, 'help'],
  ];
  for (const [title, args, environment, expected] of rows) {
    it(`${title}: ${args.join(' ')}`, () => {
      expect(parseSettings(args, environment, CLONE)).to.deep.include(expected);
    });
  }

  it('takes the socket of DOCKER_HOST, and only for containers', () => {
    const ofEnvironment = (kind: string, DOCKER_HOST: string) =>
      parseSettings(['--sandboxes', kind], { DOCKER_HOST }, CLONE);
    expect(ofEnvironment('docker', 'unix:///run/d.sock')).to.have.property('dockerSocket', '/run/d.sock');
    expect(ofEnvironment('docker', '')).to.have.property('dockerSocket', '/var/run/docker.sock');
    expect(() => ofEnvironment('docker', 'tcp://10.0.0.1:2375')).to.throw(CodedError, 'DOCKER_HOST');
    expect(ofEnvironment('static', 'tcp://10.0.0.1:2375')).to.have.property('sandboxes', 'static');
  });

  for (const [name, value] of [
    ['GLOBALSTACKS_LOG_MEGABYTES', '0'],
    ['GLOBALSTACKS_LOG_MEGABYTES', 'much'],
    ['GLOBALSTACKS_LOG_FILES', '101'],
  ] as const) {
    it(`refuses ${name}=${value}, and names it`, () => {
      expect(() => parseSettings([], { [name]: value }, CLONE)).to.throw(CodedError, name);
    });
  }

  for (const args of [
    ['--sandboxes', 'kubernetes'],
    ['--port', '0'],
    ['--port', '70000'],
    ['--port', 'x'],
    ['--what'],
    ['extra'],
    ['--home', ''],
  ]) {
    it(`refuses ${args.join(' ')}`, () => {
      expect(() => parseSettings(args, {}, CLONE)).to.throw(CodedError);
    });
  }
});
