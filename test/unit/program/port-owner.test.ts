import { expect } from 'chai';
import { programName } from '#libs/program/port-owner.js';

describe('what the owner of a busy port is called', () => {
  for (const [what, commandLine, name] of [
    ['a program', ['/usr/sbin/nginx', '-g', 'daemon off;'], 'nginx'],
    ['a script of Node', ['/clone/node', '/clone/dist/programs/control-plane.js'], 'node programs/control-plane.js'],
    ['a script after options', ['node', '--enable-source-maps', 'server.js', '--token=secret'], 'node server.js'],
    ['Node without a script', ['node', ''], 'node'],
    ['a process without a command line', [''], null],
  ] as const) {
    it(`${what}: ${name}`, () => expect(programName(commandLine)).to.equal(name));
  }
});
