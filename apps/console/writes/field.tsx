import { type ReactNode, useState } from 'react';
import { CodedError } from '#libs/contracts/errors.js';

/** What is wrong with a text by a parser of the API; null: nothing. */
export function faultOf(parse: (text: string) => unknown, text: string): string | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error.message;
    throw error;
  }
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly parse: (text: string) => unknown;
  readonly isShort?: boolean;
  readonly placeholder?: string;
  /** What the control plane says of this field. */
  readonly refusal?: string | null;
}

/** What the element that is typed into needs. */
export interface InputProps {
  readonly id: string;
  readonly value: string;
  readonly placeholder: string;
  readonly leave: () => void;
  readonly described: { readonly 'aria-invalid': boolean; readonly 'aria-describedby': string | undefined };
}

/** A text field that is checked by the API's own parser when it is left. */
export function Field(props: FieldProps) {
  return (
    <FieldFrame {...props}>
      {({ id, value, placeholder, leave, described }) => (
        <input
          className="input"
          id={id}
          value={value}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => props.change(event.target.value)}
          onBlur={leave}
          {...described}
        />
      )}
    </FieldFrame>
  );
}

/** The label and the fault around what is typed into. */
export function FieldFrame({
  label,
  value,
  parse,
  isShort,
  placeholder,
  refusal,
  children,
}: FieldProps & { readonly children: (input: InputProps) => ReactNode }) {
  const [isLeft, setIsLeft] = useState(false);
  const fault = refusal ?? (isLeft && value !== '' ? faultOf(parse, value) : null);
  const id = `field-${label.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  const faultId = `${id}-fault`;
  return (
    <div className={isShort === true ? 'field short' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        value,
        placeholder: placeholder ?? '',
        leave: () => setIsLeft(true),
        described: { 'aria-invalid': fault !== null, 'aria-describedby': fault === null ? undefined : faultId },
      })}
      {fault !== null && (
        <span className="wrong anywhere" id={faultId}>
          {fault}
        </span>
      )}
    </div>
  );
}
