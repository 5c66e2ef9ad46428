import { Field } from '../writes/field.js';
import type { FormFields } from '../writes/write-form.js';

type Parse = (text: string) => unknown;

interface Props {
  readonly form: FormFields;
  readonly parse: { readonly alias: Parse; readonly ports: Parse };
  readonly alias: string;
  readonly setAlias: (alias: string) => void;
  readonly ports: string;
  readonly setPorts: (ports: string) => void;
}

/** The name that a sandbox publishes, and its ports. */
export function AliasFields({ form: { changed, refusalOf }, parse, alias, setAlias, ports, setPorts }: Props) {
  return (
    <>
      <Field
        label="Alias"
        value={alias}
        change={changed(setAlias)}
        parse={parse.alias}
        placeholder="api"
        refusal={refusalOf('alias')}
      />
      <Field
        label="Ports"
        value={ports}
        change={changed(setPorts)}
        parse={parse.ports}
        placeholder="8080, 80:8080"
        refusal={refusalOf('ports')}
      />
    </>
  );
}
