import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { CLONE } from '#test/support/clone.js';

/** For Go 1.26 and newer; the release of 2026. */
const STATICCHECK = 'honnef.co/go/tools/cmd/staticcheck@v0.7.0';
const PACKAGES = ['./...', 'globalstacks/mesh-fixture/...'];

/**
 * Checks that are too slow for each run of the tests: mesh-node under Go's race detector, staticcheck, and 800
 * strangers instead of 200. The race detector needs a C compiler, and some minutes to compile tsnet the first time.
 */
export async function soakMeshNode(say: (line: string) => void): Promise<boolean> {
  const sources = join(CLONE, 'apps', 'mesh-node');
  const steps = [
    ['staticcheck', 'go', ['run', STATICCHECK, ...PACKAGES], sources],
    ["Go's tests, with the race detector", 'go', ['test', '-race', '-count=1', '-timeout=30m', ...PACKAGES], sources],
    ["Go's tests", 'go', ['test', '-count=1', '-timeout=30m', ...PACKAGES], sources],
    [
      'agents, mesh-nodes and strangers',
      process.execPath,
      ['node_modules/mocha/bin/mocha.js', '--exit', 'dist/test/integration/mesh/tsnet-refused-peers.test.js'],
      CLONE,
    ],
  ] as const;
  let passed = true;
  for (const [title, command, args, cwd] of steps) {
    say(`${title} ...`);
    const code = await run(command, args, cwd, say);
    say(`${title}: ${code === 0 ? 'ok' : 'FAILED'}`);
    passed &&= code === 0;
  }
  return passed;
}

function run(command: string, args: readonly string[], cwd: string, say: (line: string) => void): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      stdio: 'inherit',
      env: { ...process.env, CGO_ENABLED: '1', MESH_NODE_TEST_LONG: '1' },
    });
    child.once('error', (error) => {
      say(`${command} cannot be started: ${error.message}; install Go 1.26 or newer, and gcc`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
