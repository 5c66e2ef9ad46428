import { useQuery } from '@tanstack/react-query';
import { agentsQuery, sandboxesQuery } from '../api/queries.js';
import { useRefusal } from '../session/session.js';
import { commandText } from '../vocabulary/command-line.js';
import { counted } from '../vocabulary/times.js';
import { CreateNetwork } from './create-network.js';

/** Shown while there is no network yet: which agents and sandboxes there are, and the four steps to a first connection. */
export function FirstRun() {
  const agents = useQuery(agentsQuery).data;
  const sandboxes = useQuery(sandboxesQuery).data;
  const refusal = useRefusal('operator', 'Creating networks needs');
  const inContact = agents?.filter(({ status }) => status === 'ONLINE').length ?? 0;
  const [first] = sandboxes ?? [];
  const sandboxId = first?.id ?? '<sandbox>';
  return (
    <div style={{ maxWidth: 800 }}>
      <div className="head">
        <h1>No networks yet</h1>
      </div>
      <p className="second">
        {counted(inContact, 'agent')} {inContact === 1 ? 'is' : 'are'} in contact, with{' '}
        {counted(sandboxes?.length ?? 0, 'sandbox', 'sandboxes')}. None of them can reach another: a sandbox reaches
        only what a network names and a rule allows. Four steps lead to the first connection.
      </p>
      <ol className="steps">
        <li className="now">
          <span className="step-number">1</span>
          <div>
            <h2>Make a network</h2>
            {refusal === null ? <CreateNetwork initial="dev" /> : <p className="remark">{refusal}</p>}
          </div>
        </li>
        <Step
          number={2}
          title="Attach a sandbox under a name"
          words={['network', 'attach', 'dev', sandboxId, '--alias', 'api', '--port', '8080']}
        >
          {sandboxes === undefined || sandboxes.length === 0
            ? 'No agent reports a sandbox yet.'
            : `Reported now: ${sandboxes
                .slice(0, 5)
                .map(({ id, agentId }) => (agentId === null ? id : `${id} on ${agentId}`))
                .join(', ')}${sandboxes.length > 5 ? ` and ${sandboxes.length - 5} more` : ''}.`}
        </Step>
        <Step
          number={3}
          title="Let someone reach it"
          words={['network', 'policy', 'allow', 'dev', '--from', 'local', '--to', 'api', '--port', '8080']}
        >
          Start with your own machine, local. You see what changes before it is sent, and which agents have applied it
          after.
        </Step>
        <Step number={4} title="Ask whether it works" words={['network', 'test', 'dev', 'local', 'api:8080']}>
          Both ends answer five checks. Where one fails, it says what to do.
        </Step>
      </ol>
      <p className="remark">
        Type the commands instead if you like: this page follows. A network made elsewhere appears here by itself.
      </p>
    </div>
  );
}

interface StepProps {
  readonly number: number;
  readonly title: string;
  readonly words: readonly string[];
  readonly children: string;
}

function Step({ number, title, words, children }: StepProps) {
  return (
    <li>
      <span className="step-number">{number}</span>
      <div>
        <h2>{title}</h2>
        <p className="second anywhere">{children}</p>
        <p className="mono second anywhere">{commandText(words)}</p>
      </div>
    </li>
  );
}
