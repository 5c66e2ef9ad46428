import { Field } from '../writes/field.js';
import type { FormFields } from '../writes/write-form.js';
import { END_FIELDS, parseRuleEnd } from './rule-end.js';

interface Props {
  readonly form: Pick<FormFields, 'changed' | 'refusalOf'>;
  readonly value: string;
  readonly set: (value: string) => void;
}

/** When a rule ends by itself; empty: it stays until it is removed. */
export function EndField({ form, value, set }: Props) {
  const refusals = END_FIELDS.map((field) => form.refusalOf(field));
  return (
    <Field
      label="Ends after, or at"
      value={value}
      change={form.changed(set)}
      parse={parseRuleEnd}
      placeholder="never"
      refusal={refusals.find((refusal) => refusal !== null) ?? null}
    />
  );
}
