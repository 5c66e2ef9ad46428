import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { momentOf } from '#libs/contracts/moment-texts.js';
import { parseDestinationName } from '#libs/contracts/outside-names.js';
import { parsePort } from '#libs/contracts/ports.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { explanationQuery, turnsQuery } from '../api/queries.js';
import type { Question } from '../api/shapes.js';
import { Loaded } from '../frame/loaded.js';
import { useNetworkName } from '../network/use-network.js';
import { useNames } from '../policy/alias-rule-fields.js';
import { CommandLine } from '../vocabulary/command-line.js';
import { Field, faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { ExplanationReceipt } from './explanation-receipt.js';
import { Turns } from './turns.js';

const PARSE = {
  from: (text: string): unknown => parseSelector(text, 'from'),
  to: (text: string): unknown => parseDestinationName(text, 'to'),
  port: (text: string): unknown => parsePort(text, 'port'),
  at: (text: string): string => momentOf(text, 'at', Date.now()),
};

interface Texts {
  readonly from?: string;
  readonly to?: string;
  readonly port?: string;
  readonly at?: string;
}

/** What was decided about a pair at a version or time, and since when it is decided so. Only the log is asked. */
export function ExplainPage() {
  const network = useNetworkName();
  const search = useSearch({ from: '/frame/networks/$network/history/explain' });
  const navigate = useNavigate({ from: '/networks/$network/history/explain' });
  const question = questionOf(search);
  return (
    <>
      <Form
        key={JSON.stringify(search)}
        network={network}
        initial={search}
        ask={(texts) => void navigate({ search: { ...texts } })}
      />
      {question === null ? (
        <p className="empty">Give a source, an alias and a port. No agent is asked: the log has the answer.</p>
      ) : (
        <Answer network={network} question={question} at={search.at ?? null} />
      )}
    </>
  );
}

/** null: something is missing in the address, or wrong. */
function questionOf({ from = '', to = '', port = '' }: Texts): Question | null {
  const isGood =
    faultOf(PARSE.from, from) === null && faultOf(PARSE.to, to) === null && faultOf(PARSE.port, port) === null;
  return isGood ? { from, alias: to, port: Number(port) } : null;
}

interface FormProps {
  readonly network: string;
  readonly initial: Texts;
  readonly ask: (texts: Texts) => void;
}

function Form({ network, initial, ask }: FormProps) {
  const [from, setFrom] = useState(initial.from ?? '');
  const [to, setTo] = useState(initial.to ?? '');
  const [port, setPort] = useState(initial.port ?? '');
  const [at, setAt] = useState(initial.at ?? '');
  const names = useNames(network, to);
  const isGood = questionOf({ from, to, port }) !== null && (at === '' || faultOf(PARSE.at, at) === null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood) ask({ from, to, port, ...(at === '' ? {} : { at: PARSE.at(at) }) });
  };
  return (
    <form className="composer" aria-label="Explain a verdict" onSubmit={submit}>
      <div className="fields ends">
        <NameField label="From" value={from} change={setFrom} parse={PARSE.from} options={names.sources} />
        <NameField label="To alias or name" value={to} change={setTo} parse={PARSE.to} options={names.aliases} />
        <NameField label="Port" value={port} change={setPort} parse={PARSE.port} options={names.ports} isShort />
        <Field label="At version or time" value={at} change={setAt} parse={PARSE.at} placeholder="now" />
        <div className="beside">
          <button type="submit" className="button primary" disabled={!isGood}>
            Explain
          </button>
        </div>
      </div>
    </form>
  );
}

interface AnswerProps {
  readonly network: string;
  readonly question: Question;
  readonly at: string | null;
}

function Answer({ network, question, at }: AnswerProps) {
  const { from, alias, port } = question;
  const target = `${alias}:${port}`;
  return (
    <>
      <Loaded query={useQuery(explanationQuery(network, question, at))}>
        {(explanation) => <ExplanationReceipt network={network} question={question} explanation={explanation} />}
      </Loaded>
      <section className="part terminal">
        <CommandLine words={['network', 'explain', network, from, target, ...(at === null ? [] : ['--at', at])]} />
      </section>
      <section className="part">
        <div className="heading">
          <h2>Since when is it so</h2>
          <span className="remark">The versions at which the verdict became another one, the newest first.</span>
        </div>
        <Loaded columns={['Version', 'Verdict', 'What']} query={useQuery(turnsQuery(network, question))}>
          {({ turns, turnsLeftOut }) => (
            <Turns network={network} question={question} turns={turns} leftOut={turnsLeftOut} />
          )}
        </Loaded>
      </section>
      <section className="part terminal">
        <CommandLine words={['network', 'bisect', network, from, target]} />
      </section>
    </>
  );
}
