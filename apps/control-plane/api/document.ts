import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from '#libs/contracts/http/problem.js';
import { RELEASE } from '#libs/program/release.js';

/** The OpenAPI document of the controllers in this application. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const configuration = new DocumentBuilder()
    .setTitle('GlobalStacks Networks')
    .setDescription('Runtime networks for sandboxes that run on many hosts')
    .setVersion(RELEASE)
    .addBearerAuth()
    .build();
  return SwaggerModule.createDocument(app, configuration, {
    operationIdFactory: (_controller, method) => method,
    extraModels: [ProblemDto],
  });
}
