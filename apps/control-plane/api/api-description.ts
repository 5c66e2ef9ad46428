import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { NotReadyError } from '../http/errors.js';

/** The OpenAPI document of the application. It is made when it is asked for first, so that no start waits for it. */
@Injectable()
export class ApiDescription {
  private make: (() => OpenAPIObject) | null = null;
  private made: OpenAPIObject | null = null;

  /** To be called once the application is put together. */
  makeBy(make: () => OpenAPIObject): void {
    this.make = make;
  }

  get document(): OpenAPIObject {
    if (this.make === null) throw new NotReadyError();
    this.made ??= this.make();
    return this.made;
  }
}
