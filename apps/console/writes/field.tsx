import { type ReactNode, useState } from 'react';
import { CodedError } from '#libs/contracts/errors.js';
import { ProblemError } from '../api/client.js';
import { Prose } from '../vocabulary/phrase.js';

/** What is wrong with a text by a parser of the API; null: nothing. */
export function faultOf(parse: (text: string) => unknown, text: string): CodedError | null {
  try {
    parse(text);
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

/** A refusal of the control plane that is about this field; null: none. */
export function refusalAt(error: unknown, field: string): ProblemError | null {
  return error instanceof ProblemError && error.field === field ? error : null;
}

export interface FieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly parse: (text: string) => unknown;
  readonly isShort?: boolean;
  readonly placeholder?: string;
  /** The control plane's refusal of this field. */
  readonly refusal?: CodedError | null;
}

/** Properties for the input element. */
export interface InputProps {
  readonly id: string;
  readonly value: string;
  readonly placeholder: string;
  readonly leave: () => void;
  /** What is wrong with the value, to be shown below as `faultId`; null: nothing. */
  readonly fault: ReactNode | null;
  readonly faultId: string;
}

/** A text field that the API's own parser checks when it loses focus. */
export function Field(props: FieldProps) {
  return (
    <FieldFrame {...props}>
      {({ id, value, placeholder, leave, fault, faultId }) => (
        <>
          <input
            className="input"
            id={id}
            value={value}
            placeholder={placeholder}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => props.change(event.target.value)}
            onBlur={leave}
            aria-invalid={fault !== null}
            aria-describedby={fault === null ? undefined : faultId}
          />
          {fault !== null && (
            <span className="wrong anywhere" id={faultId}>
              {fault}
            </span>
          )}
        </>
      )}
    </FieldFrame>
  );
}

/** The label of an input, and what is wrong with its value. */
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
  return (
    <div className={isShort === true ? 'field short' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        value,
        placeholder: placeholder ?? '',
        leave: () => setIsLeft(true),
        fault: fault === null ? null : <FaultText fault={fault} />,
        faultId: `${id}-fault`,
      })}
    </div>
  );
}

function FaultText({ fault }: { readonly fault: CodedError }) {
  return (
    <>
      {fault.message}
      {fault.remedy !== null && saysMore(fault) && (
        <span className="remark">
          {' '}
          <Prose text={fault.remedy} />
        </span>
      )}
    </>
  );
}

/** Unless a parser has its own remedy, its message and its remedy say the same. */
function saysMore({ message, remedy }: CodedError): boolean {
  return remedy !== null && !message.endsWith(remedy.replace(/^give \S+ as /, ''));
}
