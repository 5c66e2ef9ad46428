import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addPolicyTest } from '#libs/api-client/generated/index.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import { networkQuery } from '../api/queries.js';
import { faultOf } from '../writes/field.js';
import { NameField } from '../writes/name-field.js';
import { SendRow } from '../writes/send-row.js';
import { useWrite } from '../writes/use-write.js';
import { WriteTrouble } from '../writes/write-trouble.js';
import { PARSE, useNames } from './add-rule.js';
import { EffectChoice } from './effect-choice.js';
import type { Effect } from './rule-composer.js';

const FIELDS = Object.keys(PARSE);

interface Props {
  readonly network: string;
  readonly close: () => void;
}

/** Keeps a verdict that is so now: it changes nothing that anybody may reach, so there is no preview. */
export function AddPolicyTest({ network, close }: Props) {
  const [effect, setEffect] = useState<Effect>('allow');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [port, setPort] = useState('');
  const version = useQuery(networkQuery(network)).data?.version ?? null;
  const names = useNames(network, to);
  const { state, send, reset, changed, refusalOf } = useWrite();
  const isGood =
    faultOf(PARSE.from, from) === null && faultOf(PARSE.to, to) === null && faultOf(PARSE.port, port) === null;
  const write = (seen: number | null): void => {
    if (!isGood) return;
    const body = { effect, from, to, port: Number(port) };
    void send({
      seen: seen ?? version,
      summary: `policy test ${policyTestText(body)}`,
      send: (headers) => addPolicyTest({ path: { network }, headers, body }),
      done: close,
    });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    write(null);
  };
  return (
    <form className="composer" aria-label="Keep a verdict" onSubmit={submit}>
      <div className="fields">
        <EffectChoice
          effect={effect}
          choose={(each) => {
            setEffect(each);
            reset();
          }}
        />
        <NameField
          label="From"
          value={from}
          change={changed(setFrom)}
          parse={PARSE.from}
          options={names.sources}
          refusal={refusalOf('from')}
        />
        <NameField
          label="To alias"
          value={to}
          change={changed(setTo)}
          parse={PARSE.to}
          options={names.aliases}
          refusal={refusalOf('to')}
        />
        <NameField
          label="Port"
          value={port}
          change={changed(setPort)}
          parse={PARSE.port}
          options={names.ports}
          isShort
          refusal={refusalOf('port')}
        />
      </div>
      <WriteTrouble network={network} state={state} again={write} discard={close} fields={FIELDS} />
      <SendRow
        verb="Keep this verdict"
        isReady={isGood && state.kind !== 'sending'}
        close={close}
        words={[
          ...['network', 'policy', 'test', 'add', network, from || '<selector>'],
          ...[`${to || '<alias>'}:${port || '<port>'}`, effect, '--wait'],
        ]}
      />
    </form>
  );
}
