import { expect } from 'chai';
import { sharedStack } from '#test/support/shared-stack.js';
import type { RunningStack } from '#test/support/stack.js';

interface Shown {
  readonly version: number;
  readonly egress: readonly { readonly id: string; readonly to: string; readonly effect: string }[];
}

describe('egress rules, from the command line to every agent', function () {
  this.timeout(60_000);
  const at = sharedStack('static', 'direct');
  let stack: RunningStack;

  before(async () => {
    stack = at();
    await stack.json(['network', 'create', 'out']);
    await stack.json(['network', 'attach', 'out', 'sbx-web', '--alias', 'web', '--port', '8080']);
    await stack.json(['network', 'attach', 'out', 'sbx-api', '--alias', 'api', '--port', '8080', '--wait']);
  });

  after(() => stack?.json(['network', 'delete', 'out', '--detach-all', '--yes']));

  const shown = async () => (await stack.json(['network', 'show', 'out'])) as Shown;
  const write = (...words: string[]) =>
    stack.json(['network', 'egress', ...words]) as Promise<{
      readonly result: { readonly id: string };
      readonly applied?: { readonly confirmed: number; readonly expected: number };
    }>;

  it('are proven by every agent, also by one that learns nothing of them', async () => {
    const added = await write('allow', 'out', '--from', 'web', '--to', 'Packages.Example.com:443', '--wait');
    expect(added.applied).to.deep.include({ confirmed: 2, expected: 2 });
    expect((await shown()).egress).to.have.length(1);
    expect((await shown()).egress[0]).to.deep.include({ to: 'packages.example.com', effect: 'allow' });
    const denied = await write('deny', 'out', '--from', 'any', '--to', '*.example.com:443', '--wait');
    expect(denied.applied).to.deep.include({ confirmed: 2, expected: 2 });
    const tested = await stack.gstacks('network', 'test', 'out', 'web', 'packages.example.com:443', '--expect', 'deny');
    expect(tested.stdout)
      .to.match(/because {2}rule-\w+ {2}deny any -> \*\.example\.com:443/)
      .and.contain('denied by the policy, as expected');
    expect(tested.code).to.equal(0);
    const missed = await stack.gstacks('network', 'test', 'out', 'web', 'packages.example.com:8443');
    expect(missed.stdout).to.contain(`near miss: ${added.result.id} matches all but the port`);
    expect(missed.code).to.equal(3);
    for (const { id } of (await shown()).egress) {
      expect((await write('remove', 'out', id, '--wait')).applied).to.deep.include({ confirmed: 2, expected: 2 });
    }
    expect((await shown()).egress).to.deep.equal([]);
  });

  it('with a bad name or source are refused with the reason, and nothing is written', async () => {
    const { version } = await shown();
    for (const [to, code, from = 'web'] of [
      ['*.com:443', 'PUBLIC_SUFFIX'],
      ['10.0.0.1:443', 'ADDRESS_NOT_A_NAME'],
      ['[::1]:443', 'ADDRESS_NOT_A_NAME'],
      ['a.*.example.com:443', 'WILDCARD_MISPLACED'],
      ['example.com.:443', 'OUTSIDE_NAME_INVALID'],
      ['api.dev.gstacks:443', 'INSIDE_NAME'],
      ['example.com:443', 'EGRESS_FROM_LOCAL', 'local'],
    ] as const) {
      const refusal = await stack.json(['network', 'egress', 'allow', 'out', '--from', from, '--to', to], 2);
      expect(JSON.stringify(refusal), to).to.contain(`"${code}"`);
    }
    expect((await shown()).version).to.equal(version);
    await write('allow', 'out', '--from', 'web', '--to', '*.com:443', '--force');
    expect((await shown()).version).to.equal(version + 1);
  });
});
