import { expect } from 'chai';
import { kindOfRun } from '#apps/cli/kind-of-run.js';

const COMMANDS = ['mesh forward', 'mesh forward list', 'network list', 'network status', 'whoami'];

describe('cli: the kind of a run', () => {
  const rows = [
    { line: 'network list', kind: 'network-list' },
    { line: 'network list --json --label tier=api', kind: 'network-list' },
    { line: 'network status dev', kind: 'network-status' },
    { line: 'mesh forward dev api:8080', kind: 'mesh-forward' },
    { line: 'mesh forward list', kind: 'mesh-forward-list' },
    { line: 'whoami', kind: 'whoami' },
    { line: 'network list --help', kind: 'help' },
    { line: 'help network list', kind: 'help' },
    { line: '', kind: 'help' },
    { line: '-h', kind: 'help' },
    { line: 'network', kind: 'help' },
    { line: 'network lists', kind: 'help' },
    { line: 'frobnicate', kind: 'help' },
    { line: 'network status dev -- --help', kind: 'network-status' },
    { line: '--version', kind: 'version' },
    { line: '-v --json', kind: 'version' },
    { line: '__complete -- network list --help', kind: 'complete' },
  ];
  for (const { line, kind } of rows) {
    it(`of \`gstacks${line === '' ? '' : ` ${line}`}\` is ${kind}`, () => {
      expect(kindOfRun(line === '' ? [] : line.split(' '), COMMANDS)).to.equal(kind);
    });
  }
});
