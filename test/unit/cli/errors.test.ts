import { expect } from 'chai';
import { readProblem } from '#apps/cli/api/read-problem.js';
import { describeError } from '#apps/cli/errors/describe-error.js';
import {
  ApiError,
  ContextError,
  InterruptedError,
  TimedOutError,
  UnreachableError,
  UsageError,
  WrittenNotProvenError,
} from '#apps/cli/errors/errors.js';
import { exitCodeOf } from '#apps/cli/errors/exit-codes.js';
import { MeshError } from '#apps/cli/mesh/mesh-error.js';
import { InvalidInputError } from '#libs/contracts/errors.js';

const answered = (status: number) => new ApiError(status, 'X', 'x', null);
const failed = (commandLine: string) => ({ commandLine, argv: [], network: 'dev' });
const written = { network: 'dev', version: 7, changed: true };

describe('cli: exit codes', () => {
  const rows: readonly (readonly [string, unknown, number])[] = [
    ['404', answered(404), 6],
    ['412', answered(412), 7],
    ['400', answered(400), 2],
    ['401', answered(401), 2],
    ['403', answered(403), 2],
    ['409', answered(409), 2],
    ['422', answered(422), 2],
    ['429', answered(429), 2],
    ['500', answered(500), 1],
    ['503', answered(503), 4],
    ['504', answered(504), 5],
    ['no connection', new UnreachableError('UNREACHABLE', 'x'), 4],
    ['no answer in time', new TimedOutError('TIMED_OUT', 'x'), 5],
    ['a wrong flag', new UsageError('x', 'y'), 2],
    ['a wrong value', new InvalidInputError('name', 'X', 'a name'), 2],
    ['no context', new ContextError('CONTEXT_MISSING', 'x'), 2],
    ['Ctrl-C', new InterruptedError('INTERRUPTED', 'x'), 130],
    ['written, not proven', new WrittenNotProvenError(written, 5, 'NOT_PROVEN', 'x'), 5],
    ['no network, says the background node', new MeshError('NETWORK_NOT_FOUND', 'x'), 6],
    ['no control plane, says the background node', new MeshError('UNREACHABLE', 'x'), 4],
    ['a background node that is silent', new MeshError('NODE_SILENT', 'x'), 5],
    ['a refusal of the background node', new MeshError('NOT_JOINED', 'x'), 2],
    ['a defect', new TypeError('x'), 1],
    ['something thrown that is no error', 'x', 1],
  ];
  for (const [what, error, code] of rows) {
    it(`${what}: ${code}`, () => expect(exitCodeOf(error)).to.equal(code));
  }
});

describe('cli: what an error says', () => {
  const errors = [
    new ApiError(404, 'NETWORK_NOT_FOUND', 'there is no network dev', null),
    new ApiError(409, 'ALIAS_TAKEN', 'api is taken', 'choose another alias'),
    new ApiError(418, 'SOMETHING_NEW', 'x', null),
    new InvalidInputError('name', 'X', 'a name'),
    new TypeError('x is not a function'),
    'thrown text',
  ];
  for (const error of errors) {
    it(`names a command to try next: ${error instanceof Error ? error.message : error}`, () => {
      expect(describeError(error, failed('gstacks network show')).remedy).to.match(/gstacks \w+/);
    });
  }

  it('keeps the remedy of the control plane and adds the command when it names none', () => {
    const taken = new ApiError(409, 'ALIAS_TAKEN', 'api is taken', 'choose another alias');
    expect(describeError(taken, failed('gstacks network alias add'))).to.deep.equal({
      code: 'ALIAS_TAKEN',
      message: 'api is taken',
      remedy: 'choose another alias (next: gstacks network alias list dev)',
    });
  });

  it('reads problem documents, and takes nothing else for the control plane', () => {
    const problem = JSON.stringify({ code: 'ALIAS_TAKEN', title: 'Conflict', detail: 'api is taken', remedy: 'r' });
    expect(readProblem(409, 'application/problem+json', problem, 'http://h')).to.include({
      status: 409,
      code: 'ALIAS_TAKEN',
      message: 'api is taken',
      remedy: 'r',
    });
    expect(readProblem(403, 'application/json; charset=utf-8', '{}', 'http://h')).to.include({ code: 'FORBIDDEN' });
    for (const [type, body] of [
      ['text/html', '<html>'],
      ['application/json', '<html>'],
      ['', ''],
    ] as const) {
      expect(readProblem(502, type, body, 'http://h')).to.include({ code: 'NOT_A_CONTROL_PLANE' });
    }
  });
});
