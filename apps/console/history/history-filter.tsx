import { type FormEvent, useState } from 'react';
import { CHANGE_KINDS } from '#libs/contracts/change-kinds.js';
import { timeOf } from '#libs/contracts/moment-texts.js';
import { boundedText } from '#libs/contracts/values.js';
import { Field, faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';

/** The filter in the page's address; times are absolute there, so that a link keeps its meaning. */
export interface FilterTexts {
  readonly actor?: string;
  readonly kind?: string;
  readonly since?: string;
  readonly until?: string;
}

const KIND_WORDS: { readonly [kind in (typeof CHANGE_KINDS)[number]]: string } = {
  rules: 'rules',
  egress: 'egress rules',
  aliases: 'aliases',
  attachments: 'attachments',
  sandboxes: 'labels and hosts of sandboxes',
  tests: 'policy tests',
  network: 'the network itself',
};

const parseActor = boundedText(1, 200, 'a name of at most 200 characters');
const PARSE = {
  actor: (text: string): string => parseActor(text, 'actor'),
  since: (text: string): string => timeOf(text, 'since', Date.now()),
  until: (text: string): string => timeOf(text, 'until', Date.now()),
};

interface Props {
  readonly initial: FilterTexts;
  /** Names offered for choice. */
  readonly actors: readonly string[];
  readonly show: (filter: FilterTexts) => void;
}

/** Which changes are listed. */
export function HistoryFilter({ initial, actors, show }: Props) {
  const [actor, setActor] = useState(initial.actor ?? '');
  const [since, setSince] = useState(initial.since ?? '');
  const [until, setUntil] = useState(initial.until ?? '');
  const isGood =
    (since === '' || faultOf(PARSE.since, since) === null) && (until === '' || faultOf(PARSE.until, until) === null);
  const filter = (kind: string): FilterTexts => ({
    ...(actor === '' ? {} : { actor: actor.includes(':') ? actor : `user:${actor}` }),
    ...(kind === '' ? {} : { kind }),
    ...(since === '' ? {} : { since: PARSE.since(since) }),
    ...(until === '' ? {} : { until: PARSE.until(until) }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood) show(filter(initial.kind ?? ''));
  };
  return (
    <form className="composer plain" aria-label="Filter changes" onSubmit={submit}>
      <div className="fields">
        <label className="field">
          About
          <select
            className="input"
            value={initial.kind ?? ''}
            onChange={(event) => isGood && show(filter(event.target.value))}
          >
            <option value="">everything</option>
            {CHANGE_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {KIND_WORDS[kind]}
              </option>
            ))}
          </select>
        </label>
        <NameField
          label="By"
          value={actor}
          change={setActor}
          parse={PARSE.actor}
          options={actors}
          placeholder="user:ada"
        />
        <Field label="Since" value={since} change={setSince} parse={PARSE.since} placeholder="2h" />
        <Field label="Until" value={until} change={setUntil} parse={PARSE.until} placeholder="30m" />
        <div className="beside">
          <button type="submit" className="button" disabled={!isGood}>
            Show
          </button>
        </div>
      </div>
    </form>
  );
}
