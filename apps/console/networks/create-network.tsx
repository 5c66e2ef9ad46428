import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { createNetwork } from '#libs/api-client/generated/index.js';
import { DNS_SUFFIX, parseNetworkName } from '#libs/contracts/ids.js';
import { Field, faultOf } from '../writes/field.js';
import { SendRow } from '../writes/send-row.js';
import { useWrite } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';

const parse = (text: string): unknown => parseNetworkName(text, 'name');

interface Props {
  readonly close?: () => void;
  readonly initial?: string;
  /** Without a border, as a step of the page. */
  readonly isPlain?: boolean;
}

/** Opens in place, so the list stays readable. */
export function CreateNetwork({ close, initial = '', isPlain = false }: Props) {
  const [name, setName] = useState(initial);
  const navigate = useNavigate();
  const { state, send, reset, changed, refusalOf } = useWrite();
  const isGood = faultOf(parse, name) === null;

  const create = (): Promise<void> =>
    send({
      seen: null,
      summary: `create network ${name}`,
      send: (headers) => createNetwork({ headers, body: { name } }),
      done: () => void navigate({ to: '/networks/$network', params: { network: name } }),
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isGood) void create();
  };
  return (
    <form className={isPlain ? 'composer plain' : 'composer'} aria-label="Create network" onSubmit={submit}>
      <div className="fields">
        <Field label="Name" value={name} change={changed(setName)} parse={parse} refusal={refusalOf('name')} />
        <p className="hint">
          names will end in{' '}
          <span className="mono">
            {isGood ? name : '<name>'}.{DNS_SUFFIX}
          </span>
        </p>
      </div>
      <WriteTrouble network={name} state={state} again={() => void create()} discard={reset} fields={['name']} />
      <SendRow
        verb="Create network"
        isReady={isGood && state.kind !== 'sending'}
        close={close}
        words={['network', 'create', isGood ? name : '<name>']}
      />
    </form>
  );
}
