import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { NotReadyError } from '../http/errors.js';

/** The OpenAPI document, described once the application is put together. */
@Injectable()
export class ApiDescription {
  private described: OpenAPIObject | null = null;

  describe(document: OpenAPIObject): void {
    this.described = document;
  }

  get document(): OpenAPIObject {
    if (this.described === null) throw new NotReadyError();
    return this.described;
  }
}
