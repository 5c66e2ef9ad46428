import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { cruise, type IConfiguration, type ICruiseResult } from 'dependency-cruiser';
import { CLONE } from '#test/support/clone.js';

const configuration: IConfiguration = createRequire(import.meta.url)(join(CLONE, '.dependency-cruiser.cjs'));

/** The rules that a tree with these imports breaks: each `file -> imported file`. */
async function broken(imports: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-imports-'));
  try {
    for (const line of imports) {
      const [from = '', to = ''] = line.split(' -> ');
      mkdirSync(join(folder, dirname(from)), { recursive: true });
      if (/^(node:|@)/.test(to)) {
        writeFileSync(join(folder, from), `import '${to}';\n`);
        continue;
      }
      mkdirSync(join(folder, dirname(to)), { recursive: true });
      const up = '../'.repeat(from.split('/').length - 1);
      writeFileSync(join(folder, from), `import '${up}${to}';\n`);
      writeFileSync(join(folder, to), '', { flag: 'a' });
    }
    const { output } = await cruise(
      ['apps', 'libs'].filter((name) => readdirSync(folder).includes(name)),
      { ruleSet: { forbidden: configuration.forbidden ?? [] }, validate: true, baseDir: folder },
    );
    return (output as ICruiseResult).summary.violations.map(({ rule }) => rule.name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('the import law', function () {
  this.timeout(60_000);

  const rows: readonly (readonly [rule: string, imports: readonly string[]])[] = [
    [
      'control-plane-foundation-imports-only-down',
      ['apps/control-plane/foundation/a.js -> apps/control-plane/record/b.js'],
    ],
    ['control-plane-http-imports-only-down', ['apps/control-plane/http/a.js -> apps/control-plane/auth/b.js']],
    ['control-plane-record-imports-only-down', ['apps/control-plane/record/a.js -> apps/control-plane/presence/b.js']],
    [
      'control-plane-identity-imports-only-down',
      ['apps/control-plane/identity/a.js -> apps/control-plane/agents/b.js'],
    ],
    [
      'control-plane-presence-imports-only-down',
      ['apps/control-plane/presence/a.js -> apps/control-plane/delivery/b.js'],
    ],
    [
      'control-plane-placement-imports-only-down',
      ['apps/control-plane/placement/a.js -> apps/control-plane/status/b.js'],
    ],
    [
      'control-plane-applied-imports-only-down',
      ['apps/control-plane/applied/a.js -> apps/control-plane/delivery/b.js'],
    ],
    [
      'control-plane-delivery-imports-only-down',
      ['apps/control-plane/delivery/a.js -> apps/control-plane/status/b.js'],
    ],
    ['control-plane-status-imports-only-down', ['apps/control-plane/status/a.js -> apps/control-plane/networks/b.js']],
    ['control-plane-mesh-imports-only-down', ['apps/control-plane/mesh/a.js -> apps/control-plane/api/b.js']],
    [
      'control-plane-features-import-no-sibling',
      ['apps/control-plane/networks/a.js -> apps/control-plane/diagnostics/b.js'],
    ],
    ['control-plane-features-import-no-sibling', ['apps/control-plane/agents/a.js -> apps/control-plane/lifecycle.js']],
    ['control-plane-folders-are-known', ['apps/control-plane/utils/a.js -> apps/control-plane/record/b.js']],
    ['agent-sandboxes-imports-only-down', ['apps/agent/sandboxes/a.js -> apps/agent/traffic/b.js']],
    ['agent-topology-imports-only-down', ['apps/agent/topology/a.js -> apps/agent/agent.js']],
    ['no-cycles', ['libs/mesh/a.js -> libs/mesh/b.js', 'libs/mesh/b.js -> libs/mesh/a.js']],
    ['libraries-never-import-apps', ['libs/bus/a.js -> apps/agent/b.js']],
    ['apps-stand-apart', ['apps/cli/a.js -> apps/agent/b.js']],
    ['clients-never-read-the-log', ['apps/cli/a.js -> libs/event-store/b.js']],
    ['contracts-import-no-other-library', ['libs/contracts/a.js -> libs/domain/b.js']],
    ['member-stands-above-capabilities', ['libs/mesh/a.js -> libs/member/b.js']],
    ['member-stands-above-capabilities', ['apps/control-plane/delivery/a.js -> libs/member/b.js']],
    ['contracts-run-in-a-browser', ['libs/contracts/a.js -> node:fs']],
    ['contracts-run-in-a-browser', ['libs/contracts/bus/a.js -> @nestjs/swagger']],
    ['contracts-run-in-a-browser', ['libs/contracts/a.js -> libs/contracts/http/b.js']],
    ['decorated-classes-are-the-control-planes', ['apps/cli/a.js -> libs/contracts/http/b.js']],
    ['decorated-classes-are-the-control-planes', ['libs/policy/a.js -> libs/contracts/http/b.js']],
    ['the-core-imports-contracts-only', ['libs/domain/a.js -> libs/bus/b.js']],
  ];
  for (const [rule, imports] of rows) {
    it(`is broken by ${imports[0]}: ${rule}`, async () => {
      expect(await broken(imports)).to.include(rule);
    });
  }

  it('lets imports go down', async () => {
    const down = [
      'apps/control-plane/networks/a.js -> apps/control-plane/record/b.js',
      'apps/control-plane/api/a.js -> apps/control-plane/networks/b.js',
      'apps/control-plane/delivery/a.js -> apps/control-plane/applied/b.js',
      'apps/control-plane/applied/a.js -> libs/domain/b.js',
      'apps/agent/topology/a.js -> libs/member/b.js',
      'libs/member/a.js -> libs/data-plane/b.js',
      'apps/control-plane/api/b.js -> libs/contracts/http/b.js',
      'libs/contracts/http/b.js -> libs/contracts/bus/b.js',
      'libs/contracts/bus/b.js -> libs/contracts/c.js',
    ];
    expect(await broken(down)).to.deep.equal([]);
  });
});
