import { useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { parseOutsideName } from '#libs/contracts/outside-names.js';
import { parseTcpPort } from '#libs/contracts/ports.js';
import { CheckMatrix } from '../diagnostics/check-matrix.js';
import { useChecks } from '../diagnostics/run-checks.js';
import { TestReceipt } from '../diagnostics/test-receipt.js';
import { useIsLive } from '../live/live-state.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Field, faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { Problem } from '../writes/problem.js';
import { parseSandboxSelector, useSandboxSelectors } from './sandbox-selectors.js';

const PARSE = {
  name: (text: string): unknown => parseOutsideName(text, 'name'),
  port: (text: string): unknown => parseTcpPort(text, 'port'),
};

/** Tests whether a sandbox reaches a name outside. A link fills the form but never runs it. */
export function TestName({ network }: { readonly network: string }) {
  const search = useSearch({ from: '/frame/networks/$network/egress' });
  const isLinked = search.test !== undefined;
  return (
    <TestForm
      key={`${search.test} ${search.port} ${search.from}`}
      network={network}
      initial={isLinked ? { from: search.from ?? '', name: search.test ?? '', port: search.port ?? '443' } : EMPTY}
    />
  );
}

const EMPTY = { from: '', name: '', port: '443' };

function TestForm({ network, initial }: { readonly network: string; readonly initial: typeof EMPTY }) {
  const [from, setFrom] = useState(initial.from);
  const [name, setName] = useState(initial.name);
  const [port, setPort] = useState(initial.port);
  const sources = useSandboxSelectors(network);
  const isLive = useIsLive();
  const { run, start } = useChecks(network);
  const isGood =
    faultOf(parseSandboxSelector, from) === null &&
    faultOf(PARSE.name, name) === null &&
    faultOf(PARSE.port, port) === null;
  const isRunning = run !== null && run.ended === null;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood && isLive && !isRunning) start({ from, alias: name, port: Number.parseInt(port, 10) }, null);
  };
  return (
    <>
      <section className="part">
        <div className="heading">
          <h2>Test a name</h2>
          <span className="remark">The agent resolves it and connects, as it would for the sandbox.</span>
        </div>
        <form className="composer" aria-label="Test a name outside" onSubmit={submit}>
          <div className="fields">
            <NameField label="Test from" value={from} change={setFrom} parse={parseSandboxSelector} options={sources} />
            <Field
              label="Name to test"
              value={name}
              change={setName}
              parse={PARSE.name}
              placeholder="packages.example.com"
            />
            <Field label="Port to test" value={port} change={setPort} parse={PARSE.port} isShort />
            <div className="beside">
              <button type="submit" className="button primary" disabled={!isGood || !isLive || isRunning}>
                {run === null ? 'Run' : 'Run again'}
              </button>
            </div>
          </div>
        </form>
        {run !== null && run.error !== null && <Problem error={run.error} />}
        {run?.verdict != null && <TestReceipt network={network} run={run} verdict={run.verdict} />}
        {run !== null && run.agents.length > 0 && <CheckMatrix run={run} />}
      </section>
      <section className="part terminal">
        <CommandLine
          words={['network', 'test', network, from || '<selector>', `${name || '<name>'}:${port || '<port>'}`]}
        />
      </section>
    </>
  );
}
