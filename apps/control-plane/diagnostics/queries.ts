import { Query } from '@nestjs/cqrs';
import type { ResolutionDto } from '#libs/contracts/http/aliases.js';
import type { TestRequestDto, TestResultDto, VerdictDto } from '#libs/contracts/http/diagnostics.js';
import type { VerdictQuery } from '#libs/contracts/http/policy-views.js';
import type { AliasName, NetworkName } from '#libs/contracts/ids.js';

export class ResolveAlias extends Query<ResolutionDto> {
  constructor(
    readonly network: NetworkName,
    readonly alias: AliasName,
  ) {
    super();
  }
}

export class TestConnection extends Query<TestResultDto> {
  constructor(
    readonly network: NetworkName,
    readonly question: TestRequestDto,
  ) {
    super();
  }
}

export class ShowVerdict extends Query<VerdictDto> {
  constructor(
    readonly network: NetworkName,
    readonly question: VerdictQuery,
  ) {
    super();
  }
}
