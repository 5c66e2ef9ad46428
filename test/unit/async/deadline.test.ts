import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { setDeadline } from '#libs/async/deadline.js';
import { waitFor } from '#test/support/wait.js';

describe('a deadline', () => {
  it('passes once, when nobody cancels it', async () => {
    const began = performance.now();
    await new Promise<void>((resolve) => setDeadline(20, resolve));
    expect(performance.now() - began).to.be.at.least(19);
  });

  it('does not pass when it is cancelled, also by what is read at its very end', async () => {
    const answer = spawn('sh', ['-c', 'read go; sleep 0.1; echo answer; read end']);
    await once(answer, 'spawn');
    const heard: string[] = [];
    const cancel = setDeadline(50, () => heard.push('nothing'));
    answer.stdout.on('data', () => {
      heard.push('answer');
      cancel();
    });
    answer.stdin.write('go\n');
    await new Promise((written) => setImmediate(written));
    // This process is delayed past the deadline, and the answer arrives meanwhile.
    const until = performance.now() + 300;
    while (performance.now() < until);
    await waitFor('one of the two is heard', () => heard.length > 0);
    answer.stdin.end('end\n');
    await once(answer, 'exit');
    expect(heard).to.deep.equal(['answer']);
  });
});
