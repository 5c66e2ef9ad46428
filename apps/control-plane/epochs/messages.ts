import { Command, Query } from '@nestjs/cqrs';
import type { EpochPreviewDto, StartedEpochDto } from '#libs/contracts/http/epochs.js';

export class PreviewEpoch extends Query<EpochPreviewDto> {}

export class StartEpoch extends Command<StartedEpochDto> {
  constructor(
    readonly after: number,
    readonly actor: string,
  ) {
    super();
  }
}
