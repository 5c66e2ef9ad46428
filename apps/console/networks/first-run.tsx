import { useQuery } from '@tanstack/react-query';
import { agentsQuery, sandboxesQuery } from '../api/queries.js';
import type { Sandbox } from '../api/shapes.js';
import { useRefusal } from '../session/session.js';
import { CommandWords } from '../vocabulary/command-line.js';
import { type Phrase, Phrased, phrase, typed } from '../vocabulary/phrase.js';
import { counted } from '../vocabulary/times.js';
import { CreateNetwork } from './create-network.js';

/** Shown while there is no network: the agents and sandboxes, and the four steps to a first connection. */
export function FirstRun() {
  const agents = useQuery(agentsQuery).data;
  const sandboxes = useQuery(sandboxesQuery).data;
  const refusal = useRefusal('operator', 'Creating networks needs');
  const inContact = agents?.filter(({ status }) => status === 'ONLINE').length ?? 0;
  const [first] = sandboxes ?? [];
  const sandboxId = first?.id ?? '<sandbox>';
  return (
    <div className="first-run">
      <div className="head">
        <h1>No networks yet</h1>
      </div>
      <p className="second lead">
        {counted(inContact, 'agent')} {inContact === 1 ? 'is' : 'are'} in contact and{' '}
        {inContact === 1 ? 'reports' : 'report'} {counted(sandboxes?.length ?? 0, 'sandbox', 'sandboxes')}. None of them
        can reach another: a sandbox reaches only what a network names and a rule allows. Four steps lead to the first
        connection.
      </p>
      <ol className="steps">
        <li className="now">
          <span className="step-number">1</span>
          <div>
            <h2>Make a network</h2>
            <p className="second">
              It begins empty. Its name ends every name in it: <span className="mono">api.dev.gstacks</span>.
            </p>
            {refusal === null ? <CreateNetwork isPlain initial="dev" /> : <p className="remark">{refusal}</p>}
          </div>
        </li>
        <Step
          number={2}
          title="Attach a sandbox under a name"
          words={['network', 'attach', 'dev', sandboxId, '--alias', 'api', '--port', '8080']}
        >
          {reported(sandboxes ?? [])}
        </Step>
        <Step
          number={3}
          title="Let someone reach it"
          words={['network', 'policy', 'allow', 'dev', '--from', 'local', '--to', 'api', '--port', '8080']}
        >
          {phrase`Start with your own machine, ${typed('local')}. You see what changes before it is sent, and which agents have applied it after.`}
        </Step>
        <Step number={4} title="Ask whether it works" words={['network', 'test', 'dev', 'local', 'api:8080']}>
          {['Both ends are checked. Where a check fails, it says what to do.']}
        </Step>
      </ol>
      <p className="remark part first">
        Type the commands instead if you like: this page follows. A network made elsewhere appears here by itself.
      </p>
    </div>
  );
}

const MOST_NAMED = 5;

function reported(sandboxes: readonly Sandbox[]): Phrase {
  if (sandboxes.length === 0) return ['No agent reports a sandbox yet.'];
  const named = sandboxes
    .slice(0, MOST_NAMED)
    .flatMap(
      ({ id, agentId }, place) =>
        phrase`${place === 0 ? '' : ', '}${typed(id)}${agentId === null ? '' : ` on ${agentId}`}`,
    );
  const more = sandboxes.length - MOST_NAMED;
  return phrase`Reported now: ${named}${more > 0 ? ` and ${more} more` : ''}.`;
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly words: readonly string[];
  readonly children: Phrase;
}

function Step({ number, title, words, children }: StepProps) {
  return (
    <li>
      <span className="step-number">{number}</span>
      <div>
        <h2>{title}</h2>
        <p className="second anywhere">
          <Phrased of={children} />
        </p>
        <p className="mono second next-command">
          <CommandWords words={words} />
        </p>
      </div>
    </li>
  );
}
