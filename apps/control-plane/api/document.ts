import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from '#libs/contracts/http/problem.js';

export const API_VERSION = '0.1.0';

/** The OpenAPI document of the controllers in this application. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const configuration = new DocumentBuilder()
    .setTitle('GlobalStacks Networks')
    .setDescription('Runtime networks for sandboxes that run on many hosts')
    .setVersion(API_VERSION)
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, configuration, {
    operationIdFactory: (_controller, method) => method,
    extraModels: [ProblemDto],
  });
}
