import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController, type OpenAPIObject } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Regressions } from '../applied/regressions.js';
import { Metrics } from '../foundation/metrics.js';
import { StoreRoom } from '../foundation/store-room.js';
import { Operations } from '../http/route.js';
import type { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { SeenHead } from '../record/seen-head.js';
import { ApiDescription } from './api-description.js';
import { READY_PARTS, Readiness } from './readiness.js';

/** Health and metrics, for those who operate the process. */
@ApiExcludeController()
@Controller()
export class OperationsController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: Readiness,
    private readonly room: StoreRoom,
    private readonly feed: DirectoryFeed,
    private readonly regressions: Regressions,
    private readonly seenHead: SeenHead,
    private readonly metrics: Metrics,
    private readonly description: ApiDescription,
  ) {}

  @Get('healthz')
  @Operations()
  healthz(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  @Get('readyz')
  @Operations()
  async readyz(): Promise<unknown> {
    if (this.room.full !== null) throw this.room.full;
    await this.readiness.require();
    return this.health.check([
      ...READY_PARTS.map((part) => async () => this.indicators.check(part).up()),
      // Reported, but not as unhealthy: only another release can read these streams, all others work, and cutting one
      // off needs the API.
      async () => this.indicators.check('streams').up(unreadableStreams(this.feed.directory)),
      // Reported, but not as unhealthy: denials are still written, and the way out needs the API.
      async () => {
        const waiting = new Set(this.regressions.all().map(({ networkId }) => networkId));
        const databaseIsOlderThanKeys = this.seenHead.doubt !== null;
        return this.indicators
          .check('epoch')
          .up({ networksThatWaitForANewEpoch: waiting.size, databaseIsOlderThanKeys });
      },
    ]);
  }

  @Get('metrics')
  @Operations()
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  scrape(): Promise<string> {
    return this.metrics.registry.metrics();
  }

  @Get('v1/openapi.json')
  @Operations()
  openapi(): OpenAPIObject {
    return this.description.document;
  }
}

const MOST_STREAMS = 20;

/** Reports their kinds and events but not their names, because the route needs no token. */
function unreadableStreams({ unreadableStreams: streams }: Directory) {
  const first = [...streams.values()].slice(0, MOST_STREAMS);
  return {
    unreadable: streams.size,
    first: first.map(({ streamId, position, version, type, schemaVersion }) => ({
      ...{ kind: /^[a-z]+(-node)?/.exec(streamId)?.[0] ?? 'other', position, version },
      ...{ eventType: type, schemaVersion },
    })),
  };
}
