import { useState } from 'react';
import { addRule } from '#libs/api-client/generated/index.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { ALIAS_RULE_FIELDS, AliasRuleFields, useAliasRule } from './alias-rule-fields.js';
import { EndField } from './end-field.js';
import { type InitialRule, RuleComposer, useEffectChoice } from './rule-composer.js';
import { END_FIELDS, ruleEndOf } from './rule-end.js';

const FIELDS = [...ALIAS_RULE_FIELDS, ...END_FIELDS];

interface Props {
  readonly network: string;
  readonly initial: InitialRule;
  readonly close: () => void;
}

/** Adds a rule about an alias. */
export function AddRule({ network, initial, close }: Props) {
  const [effect, setEffect] = useEffectChoice(initial);
  const fields = useAliasRule(initial);
  const [ends, setEnds] = useState('');
  const { from, to, port } = fields;
  const end = ruleEndOf(ends);
  const body = { effect, from, to, port: Number(port), ...end?.body };
  const rule = {
    intent: { kind: 'add-rule' as const, ...body },
    summary: `${effect} ${from} to ${to}:${port}${end?.text}`,
    send: (headers: WriteHeaders) => addRule({ path: { network }, headers, body }),
  };
  return (
    <RuleComposer
      label="Add rule"
      network={network}
      effect={effect}
      setEffect={setEffect}
      rule={fields.isGood && end !== null ? rule : null}
      fields={FIELDS}
      words={[
        ...['network', 'policy', effect, network, '--from', from || '<selector>'],
        ...['--to', to || '<alias>', '--port', port || '<port>', ...(end?.words ?? []), '--wait'],
      ]}
      close={close}
    >
      {(form) => (
        <>
          <AliasRuleFields network={network} form={form} rule={fields} />
          <EndField form={form} value={ends} set={setEnds} />
        </>
      )}
    </RuleComposer>
  );
}
