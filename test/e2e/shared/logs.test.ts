import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { faultOfLogLine } from '#test/support/log-lines.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';

describe('the logs of a stack', () => {
  const at = sharedStack('static', 'direct');

  it('are in one form, whichever process writes them: JSON, one time, one key for messages, no key twice', async () => {
    const stack = at();
    await makeNetwork(stack, 'dev', { 'sbx-api': 'api:8080' });
    await stack.gstacks('mesh', 'join', 'dev');
    const logs = readdirSync(stack.home, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /(^|\/|\.)log(\.\d+)?$/.test(name),
    );
    const processes = new Set<string>();
    const faults: string[] = [];
    for (const name of logs) {
      for (const line of readFileSync(join(stack.home, name), 'utf8').split('\n').slice(0, -1)) {
        const fault = faultOfLogLine(line);
        if (fault !== null) faults.push(`${name}: ${fault}: ${line.slice(0, 300)}`);
        else processes.add(JSON.parse(line).process);
      }
    }
    await stack.gstacks('mesh', 'leave', 'dev');
    expect(faults).to.deep.equal([]);
    expect([...processes]).to.include.members([
      'all-in-one',
      'postgres',
      'nats',
      'control-plane',
      'agent',
      'local-node',
    ]);
  });
});
