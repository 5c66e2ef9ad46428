import type { CheckDto } from '#libs/api-client/generated/types.gen.js';
import { ProblemError } from '../api/client.js';
import { Prose } from '../vocabulary/phrase.js';
import { Said } from '../vocabulary/state.js';
import { wordOf } from '../vocabulary/words.js';
import { CHECKS } from './check-words.js';
import type { AgentAnswer, Run } from './run-checks.js';

/** A table with a row for each check and a column for each agent. A column is empty until its agent has answered. */
export function CheckMatrix({ run }: { readonly run: Run }) {
  const codes = CHECKS.filter(([code]) =>
    run.agents.some((agent) => agent.kind !== 'answered' || hasCheck(agent, code)),
  );
  return (
    <table className="checks part first">
      <thead>
        <tr>
          <th scope="col">Check</th>
          {run.agents.map((agent) => (
            <th key={agent.agentId} scope="col">
              <span className={isName(agent.agentId) ? 'mono' : ''}>{agent.agentId}</span> {rolesOf(agent)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {codes.map(([code, words]) => (
          <tr key={code}>
            <td>
              <span className="strong">{words}</span>
              <div className="mono third">{code}</div>
            </td>
            {run.agents.map((agent) => (
              <td key={agent.agentId}>
                <span className="narrow-only mono second">{agent.agentId}</span>
                <Cell agent={agent} code={code} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Checks of the control plane, or of nobody, have headings that are no names. */
function isName(agentId: string): boolean {
  return !agentId.includes(' ');
}

function hasCheck(agent: Extract<AgentAnswer, { readonly kind: 'answered' }>, code: string): boolean {
  return agent.checks.some((check) => check.code === code);
}

function rolesOf(agent: AgentAnswer): string {
  if (agent.kind !== 'answered') return '';
  return [...new Set(agent.checks.map(({ role }) => role))].join(' and ');
}

function Cell({ agent, code }: { readonly agent: AgentAnswer; readonly code: string }) {
  if (agent.kind === 'asked') return <Said word={{ ...wordOf('PENDING'), text: 'asked' }} />;
  if (agent.kind === 'stopped') {
    return (
      <>
        <Said word={wordOf('unknown')} />
        <div className="evidence">stopped before it answered</div>
      </>
    );
  }
  if (agent.kind === 'refused') {
    return (
      <>
        <Said word={wordOf('unknown')} />
        <div className="evidence">{agent.error instanceof ProblemError ? agent.error.message : 'no answer'}</div>
      </>
    );
  }
  const found = agent.checks.filter((check) => check.code === code);
  if (found.length === 0) return <span className="third">not asked</span>;
  return found.map((check) => <OneCheck key={`${check.role} ${check.evidence}`} check={check} />);
}

function OneCheck({ check: { status, evidence, remedy } }: { readonly check: CheckDto }) {
  return (
    <>
      <Said word={wordOf(status)} />
      <div className="evidence">
        <Prose text={evidence} />
      </div>
      {remedy !== null && status !== 'pass' && (
        <div className="evidence">
          To do: <Prose text={remedy} />
        </div>
      )}
    </>
  );
}
