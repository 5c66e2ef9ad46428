import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDefined, IsOptional } from 'class-validator';
import type { FieldParser } from '../json-fields.js';

/** Text, unless the schema says otherwise: branded types leave no trace that could be read at run time. */
function described(schema: ApiPropertyOptions): ApiPropertyOptions {
  return 'oneOf' in schema ? schema : ({ type: String, ...schema } as ApiPropertyOptions);
}

/** A required member of a request: parsed where it enters by the parser that the rest of the system uses. */
export function Field(parse: FieldParser<unknown>, schema: ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty(described(schema)),
    Transform(({ value, key }) => parse(value, key), { toClassOnly: true }),
    IsDefined({ message: ({ property }) => `${property} is missing` }),
  );
}

/** As Field, for a member that may be left out. */
export function OptionalField(parse: FieldParser<unknown>, schema: ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...described(schema), required: false } as ApiPropertyOptions),
    Transform(({ value, key }) => (value === undefined ? undefined : parse(value, key)), { toClassOnly: true }),
    IsOptional(),
  );
}
