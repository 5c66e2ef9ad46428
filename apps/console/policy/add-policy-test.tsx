import { useState } from 'react';
import { addPolicyTest } from '#libs/api-client/generated/index.js';
import { policyTestText } from '#libs/contracts/policy-tests.js';
import type { WriteHeaders } from '../writes/use-write.js';
import { WriteForm } from '../writes/write-form.js';
import { ALIAS_RULE_FIELDS, AliasRuleFields, useAliasRule } from './alias-rule-fields.js';
import { type Effect, EffectChoice } from './effect-choice.js';

interface Props {
  readonly network: string;
  readonly close: () => void;
}

/** Keeps a verdict that is so now. */
export function AddPolicyTest({ network, close }: Props) {
  const [effect, setEffect] = useState<Effect>('allow');
  const fields = useAliasRule({});
  const { from, to, port } = fields;
  const body = { effect, from, to, port: Number(port) };
  const write = {
    intent: null,
    summary: `policy test ${policyTestText(body)}`,
    send: (headers: WriteHeaders) => addPolicyTest({ path: { network }, headers, body }),
  };
  return (
    <WriteForm
      label="Keep a verdict"
      network={network}
      write={fields.isGood ? write : null}
      fields={ALIAS_RULE_FIELDS}
      verb="Keep this verdict"
      hasPreview={false}
      words={[
        ...['network', 'policy', 'test', 'add', network, from || '<selector>'],
        ...[`${to || '<alias>'}:${port || '<port>'}`, effect, '--wait'],
      ]}
      close={close}
    >
      {(form) => (
        <>
          <EffectChoice form={form} effect={effect} set={setEffect} />
          <AliasRuleFields network={network} form={form} rule={fields} />
        </>
      )}
    </WriteForm>
  );
}
