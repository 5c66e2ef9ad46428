import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsDefined, IsOptional } from 'class-validator';
import type { FieldParser } from '../json-fields.js';

/** A string unless the schema says otherwise, because branded types do not exist at run time. */
function described(schema: ApiPropertyOptions): ApiPropertyOptions {
  return 'oneOf' in schema ? schema : ({ type: String, ...schema } as ApiPropertyOptions);
}

/** A required member of a request, parsed by the same parser as elsewhere in the system. */
export function Field(parse: FieldParser<unknown>, schema: ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty(described(schema)),
    Transform(({ value, key }) => parse(value, key), { toClassOnly: true }),
    IsDefined({ message: ({ property }) => `${property} is missing` }),
  );
}

/** As Field, for an optional member. */
export function OptionalField(parse: FieldParser<unknown>, schema: ApiPropertyOptions): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ ...described(schema), required: false } as ApiPropertyOptions),
    Transform(({ value, key }) => (value === undefined ? undefined : parse(value, key)), { toClassOnly: true }),
    IsOptional(),
  );
}
