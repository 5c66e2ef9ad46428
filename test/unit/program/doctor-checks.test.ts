import { expect } from 'chai';
import { unknown } from '#libs/contracts/bus/checks.js';
import { CodedError } from '#libs/contracts/errors.js';
import { examine, exitCodeOfFindings, findingsText } from '#libs/program/doctor.js';
import { examineAdvertised, examineClock } from '#libs/program/doctor-checks.js';

const NOON = new Date('2026-01-01T12:00:00Z');
const after = (seconds: number) => new Date(NOON.getTime() + seconds * 1_000);

describe('what a doctor says', () => {
  for (const [seconds, status] of [
    [0, 'pass'],
    [30, 'pass'],
    [31, 'fail'],
    [-31, 'fail'],
  ] as const) {
    it(`clocks ${seconds} s apart: ${status}`, () => {
      expect(examineClock(after(seconds), NOON, 'the database')).to.have.property('status', status);
    });
  }

  for (const [host, isHereOnly, status] of [
    ['10.0.0.1', false, 'pass'],
    ['bus.example', false, 'pass'],
    ['0.0.0.0', false, 'fail'],
    ['0.0.0.0', true, 'fail'],
    ['::', true, 'fail'],
    ['127.0.0.1', false, 'fail'],
    ['127.8.9.1', false, 'fail'],
    ['::1', false, 'fail'],
    ['localhost', false, 'fail'],
    ['127.0.0.1', true, 'pass'],
    ['127.example', false, 'pass'],
  ] as const) {
    it(`others told to dial ${host}${isHereOnly ? ', all on one machine' : ''}: ${status}`, () => {
      const found = examineAdvertised('MESH', { host, setting: 'GLOBALSTACKS_X', isHereOnly });
      expect(found).to.include({ status });
      expect(found.evidence).to.include(host);
      if (status === 'fail') expect(found.remedy).to.include('GLOBALSTACKS_X');
    });
  }

  it('is unknown, with the remedy, where it could not find out', async () => {
    const look = () => Promise.reject(new CodedError('AWAY', 'nobody is there', 'go there'));
    const findings = await examine([{ code: 'BUS', look }]);
    expect(findings).to.deep.equal([unknown('BUS', 'nobody is there', 'go there')]);
    expect(exitCodeOfFindings(findings)).to.equal(5);
    expect(findingsText(findings)).to.match(
      /^BUS {2}unknown {2}nobody is there\n +try: go there\n\ndid not pass: BUS\n$/,
    );
  });
});
