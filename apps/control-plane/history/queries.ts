import { Query } from '@nestjs/cqrs';
import type {
  DiffQuery,
  ExplanationDto,
  ExplanationQuery,
  HistoryPageDto,
  ListHistoryQuery,
  NetworkDiffDto,
  VerdictTurnsDto,
} from '#libs/contracts/http/history.js';
import type { VerdictQuery } from '#libs/contracts/http/policy-views.js';
import type { NetworkName } from '#libs/contracts/ids.js';

export class ListHistory extends Query<HistoryPageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListHistoryQuery,
  ) {
    super();
  }
}

export class DiffNetwork extends Query<NetworkDiffDto> {
  constructor(
    readonly network: NetworkName,
    readonly between: DiffQuery,
  ) {
    super();
  }
}

export class ExplainVerdict extends Query<ExplanationDto> {
  constructor(
    readonly network: NetworkName,
    readonly question: ExplanationQuery,
  ) {
    super();
  }
}

export class ListVerdictTurns extends Query<VerdictTurnsDto> {
  constructor(
    readonly network: NetworkName,
    readonly question: VerdictQuery,
  ) {
    super();
  }
}
