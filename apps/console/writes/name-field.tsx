import { Autocomplete, HeadlessMantineProvider } from '@mantine/core';
import { FieldFrame, type FieldProps } from './field.js';

/** A longer list is narrowed by typing. */
const MOST_OPTIONS = 100;

/** A text field that offers the names that there are; anything else may be typed as well. */
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
            // The library says by these that the value is wrong and where that is told.
            error={fault}
            errorProps={{ id: faultId, component: 'span' }}
          />
        </HeadlessMantineProvider>
      )}
    </FieldFrame>
  );
}
