import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { NotReadyError } from '../http/errors.js';

/** The application's OpenAPI document, made at the first request for it, so that it does not delay the start. */
@Injectable()
export class ApiDescription {
  private make: (() => OpenAPIObject) | null = null;
  private made: OpenAPIObject | null = null;

  /** Call it once the application is assembled. */
  makeBy(make: () => OpenAPIObject): void {
    this.make = make;
  }

  get document(): OpenAPIObject {
    if (this.make === null) throw new NotReadyError();
    this.made ??= this.make();
    return this.made;
  }
}
