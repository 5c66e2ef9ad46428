import { applyDecorators, HttpCode, Param, type PipeTransform, SetMetadata, type Type } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiDefaultResponse,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiSecurity,
} from '@nestjs/swagger';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { type RankedRole } from '#libs/contracts/roles.js';

/** The least role for a route; a route without one is refused to everybody. */
export const ROUTE_ACCESS = Symbol('route access');
/** public: authenticated by its content; operations: reveals nothing that needs a role. */
export type RouteAccess = RankedRole | 'public' | 'operations';
/** Set on routes that joiners may use; joiner is apart from the ranked roles. */
export const ROUTE_FOR_JOINERS = Symbol('route for joiners');

export interface RouteDescription {
  readonly summary: string;
  readonly answers: Type<unknown>;
  readonly role?: RankedRole;
  readonly forJoiners?: true;
  readonly status?: number;
}

function described(access: RouteAccess, route: RouteDescription, description: string): MethodDecorator {
  const status = route.status ?? 200;
  return applyDecorators(
    SetMetadata(ROUTE_ACCESS, access),
    SetMetadata(ROUTE_FOR_JOINERS, route.forJoiners ?? false),
    HttpCode(status),
    ApiOperation({ summary: route.summary }),
    ApiResponse({ status, type: route.answers, description }),
    ApiDefaultResponse({
      description: 'What went wrong',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDto' } } },
    }),
    access === 'public' ? ApiSecurity({}) : ApiBearerAuth(),
  );
}

/** A route without Idempotency-Key: a repeated request is executed again. */
export function Route(route: RouteDescription): MethodDecorator {
  return described(route.role ?? 'viewer', route, 'What was found');
}

/** A route for a command: it accepts Idempotency-Key, with which a repeat gets the first answer, and If-Match. */
export function Idempotent(route: RouteDescription): MethodDecorator {
  return applyDecorators(
    described(route.role ?? 'operator', route, 'What was written'),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Names this command: a repeat gets the first answer',
      schema: { type: 'string', maxLength: 128 },
    }),
    ApiHeader({
      name: 'If-Match',
      required: false,
      description: 'Refused with 412 when the version is another one',
      schema: { type: 'string' },
    }),
    overridesHeader('Of an admin: write also what breaks policy tests of the network'),
  );
}

/** A route that says what a write would do, and is refused as the write would be. */
export function PreviewRoute(route: RouteDescription): MethodDecorator {
  return applyDecorators(
    Route(route),
    overridesHeader('Of an admin: the write would have this header too. The warnings name the tests that it breaks'),
  );
}

function overridesHeader(description: string): MethodDecorator {
  return ApiHeader({
    name: 'Policy-Tests',
    required: false,
    description,
    schema: { type: 'string', enum: ['override'] },
  });
}

/** A route without a bearer token, authenticated by its content. */
export function Public(route: RouteDescription): MethodDecorator {
  return described('public', route, 'Done');
}

/** A route for health or metrics. */
export function Operations(): MethodDecorator {
  return SetMetadata(ROUTE_ACCESS, 'operations');
}

class ParsePathPipe implements PipeTransform {
  constructor(
    private readonly parse: FieldParser<unknown>,
    private readonly name: string,
  ) {}

  transform(value: unknown): unknown {
    return this.parse(value, this.name);
  }
}

/** A path parameter with its parser. */
export function PathValue(name: string, parse: FieldParser<unknown>): ParameterDecorator {
  return Param(name, new ParsePathPipe(parse, name));
}

export function DescribePath(name: string, example: string): MethodDecorator & ClassDecorator {
  return ApiParam({ name, example, schema: { type: 'string' } });
}
