import { expect } from 'chai';
import { firstProblem, judgeMesh } from '#apps/cli/mesh/judge-mesh.js';

const pass = { status: 'pass', cause: null } as const;
const skipped = { status: 'skipped', cause: null } as const;
const unknown = { status: 'unknown', cause: null } as const;
const fail = (cause: string) => ({ status: 'fail', cause }) as const;

describe('the exit code of mesh doctor', () => {
  const rows: readonly (readonly [string, Parameters<typeof judgeMesh>[0], number])[] = [
    ['every check passed or was skipped', [pass, skipped, pass], 0],
    ['nothing was to check', [skipped, skipped], 0],
    ['something is not known', [pass, unknown, skipped], 5],
    ['a setting is missing', [fail('MESH_KEY_SOURCE_MISSING'), skipped], 1],
    ['the control server is not reached', [pass, fail('MESH_CONTROL_UNREACHABLE'), fail('MESH_API_REFUSED')], 4],
    ['its API is not reached', [pass, fail('MESH_API_UNREACHABLE')], 4],
    ['its API does not answer in time', [fail('MESH_API_TIMED_OUT')], 4],
    ['a failure is behind what is not known', [unknown, fail('MESH_KEY_USED')], 1],
    ['a failure has no code', [{ status: 'fail', cause: null }], 1],
  ];
  for (const [what, checks, exitCode] of rows) {
    it(`is ${exitCode} when ${what}`, () => {
      expect(judgeMesh(checks)).to.equal(exitCode);
    });
  }

  it('belongs to the problem that is told', () => {
    const failure = fail('MESH_KEY_USED');
    expect(firstProblem([pass, unknown, failure, fail('OTHER')])).to.equal(failure);
    expect(firstProblem([pass, unknown])).to.equal(unknown);
    expect(firstProblem([pass, skipped])).to.equal(null);
  });
});
