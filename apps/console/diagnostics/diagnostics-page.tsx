import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { statusQuery } from '../api/queries.js';
import { useIsLive } from '../live/live-state.js';
import { useNetworkName } from '../network/use-network.js';
import { useNames } from '../policy/alias-rule-fields.js';
import { Ago } from '../vocabulary/age.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Said } from '../vocabulary/state.js';
import { counted } from '../vocabulary/times.js';
import { wordOf } from '../vocabulary/words.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { Problem } from '../writes/problem.js';
import { CheckMatrix } from './check-matrix.js';
import { type Run, useChecks } from './run-checks.js';
import { TestReceipt } from './test-receipt.js';

const PARSE = {
  from: (text: string): unknown => parseSelector(text, 'from'),
  to: (text: string): unknown => parseAliasName(text, 'to'),
  port: (text: string): unknown => parsePort(text, 'port'),
};

/**
 * Asks whether a connection would work, at both of its ends or at every agent. A link fills the form but never runs it.
 */
export function DiagnosticsPage() {
  const network = useNetworkName();
  const search = useSearch({ from: '/frame/networks/$network/diagnostics' });
  const navigate = useNavigate({ from: '/networks/$network/diagnostics' });
  const [from, setFrom] = useState(search.from ?? 'local');
  const [to, setTo] = useState(search.to ?? '');
  const [port, setPort] = useState(search.port ?? '');
  const isLive = useIsLive();
  const names = useNames(network, to);
  const agents = useQuery(statusQuery(network)).data?.agents.map(({ agentId }) => agentId) ?? [];
  const { run, start, stop } = useChecks(network);
  const isGood =
    faultOf(PARSE.from, from) === null && faultOf(PARSE.to, to) === null && faultOf(PARSE.port, port) === null;
  const isRunning = run !== null && run.ended === null;

  const ask = (whom: 'ends' | 'all'): void => {
    if (!isGood) return;
    void navigate({ search: { from, to, port, ...(whom === 'all' ? { agents: 'all' } : {}) }, replace: true });
    start({ from, alias: to, port: Number(port) }, whom === 'all' ? agents : null);
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask(search.agents === 'all' ? 'all' : 'ends');
  };
  return (
    <>
      <form className="composer" aria-label="Test a connection" onSubmit={submit}>
        <div className="fields ends">
          <NameField label="From" value={from} change={setFrom} parse={PARSE.from} options={names.sources} />
          <NameField label="To alias" value={to} change={setTo} parse={PARSE.to} options={names.aliases} />
          <NameField label="Port" value={port} change={setPort} parse={PARSE.port} options={names.ports} isShort />
          <div className="beside">
            <button
              type="button"
              className={isRunning ? 'button' : 'button primary'}
              disabled={!isRunning && (!isGood || !isLive)}
              onClick={() => (isRunning ? stop() : ask('ends'))}
            >
              {isRunning ? 'Stop' : run === null ? 'Run' : 'Run again'}
            </button>
            <button
              type="button"
              className="button quiet"
              disabled={!isGood || !isLive || isRunning || agents.length === 0}
              onClick={() => ask('all')}
            >
              Check every agent
            </button>
          </div>
        </div>
      </form>
      {run === null && (
        <p className="part first remark">
          The agents of the source and of the target answer typed questions; nothing runs through a shell. A check that
          nobody answers is unknown, never a pass.
        </p>
      )}
      {run !== null && run.error !== null && <Problem error={run.error} />}
      {run !== null && run.error === null && run.verdict === null && <Running run={run} />}
      {run?.verdict != null && <TestReceipt network={network} run={run} verdict={run.verdict} />}
      {run !== null && run.agents.length > 0 && <CheckMatrix run={run} />}
      <section className="part first terminal">
        <CommandLine
          words={['network', 'test', network, from || '<selector>', `${to || '<alias>'}:${port || '<port>'}`]}
        />
      </section>
    </>
  );
}

/** The answers so far, without a verdict. */
function Running({ run }: { readonly run: Run }) {
  if (run.isStopped) return <Stopped run={run} />;
  const open = run.agents.filter(({ kind }) => kind === 'asked').length;
  return (
    <section className="receipt pending-edge" aria-label="Asking">
      <div className="summary">
        <Said word={{ ...wordOf('PENDING'), text: 'asking' }} />
        <span>
          {open > 0
            ? `${run.agents.length - open} of ${counted(run.agents.length, 'agent')} answered`
            : run.agents.length > 0
              ? 'the agents have answered'
              : 'the agents at both ends'}
          , <Ago at={run.began} />
        </span>
        <span className="second">no verdict yet</span>
      </div>
    </section>
  );
}

function Stopped({ run }: { readonly run: Run }) {
  const answered = run.agents.filter(({ kind }) => kind === 'answered').length;
  return (
    <section className="receipt off-edge" aria-label="Stopped" role="status">
      <div className="summary">
        <Said word={{ ...wordOf('unknown'), text: 'not known' }} />
        <span>
          Stopped
          {run.agents.length > 0 ? `; ${answered} of ${counted(run.agents.length, 'agent')} had answered.` : '.'}
        </span>
        <span className="second">no verdict</span>
      </div>
    </section>
  );
}
