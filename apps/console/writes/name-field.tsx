import { Autocomplete, HeadlessMantineProvider } from '@mantine/core';
import { FieldFrame, type FieldProps } from './field.js';

/** A longer list has to be narrowed by typing. */
const MOST_OPTIONS = 100;

/** A text field with suggestions of existing names; other text is accepted too. */
export function NameField({ options, ...props }: FieldProps & { readonly options: readonly string[] }) {
  return (
    <FieldFrame {...props}>
      {({ id, value, placeholder, leave, fault, faultId }) => (
        <HeadlessMantineProvider>
          <Autocomplete
            unstyled
            id={id}
            classNames={{ input: 'input', dropdown: 'options', error: 'wrong anywhere' }}
            data={[...options]}
            limit={MOST_OPTIONS}
            value={value}
            onChange={props.change}
            onBlur={leave}
            placeholder={placeholder}
            autoComplete="off"
            spellCheck={false}
            comboboxProps={{ withinPortal: false, transitionProps: { duration: 0 } }}
            // With these, the library marks the value as wrong and refers to the message.
            error={fault}
            errorProps={{ id: faultId, component: 'span' }}
          />
        </HeadlessMantineProvider>
      )}
    </FieldFrame>
  );
}
