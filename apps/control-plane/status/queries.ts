import { Query } from '@nestjs/cqrs';
import type { AppliedDto, NetworkStatusDto } from '#libs/contracts/http/status.js';
import type { NetworkName } from '#libs/contracts/ids.js';

export class ShowNetworkStatus extends Query<NetworkStatusDto> {
  constructor(readonly network: NetworkName) {
    super();
  }
}

export class AwaitApplied extends Query<AppliedDto> {
  constructor(
    readonly network: NetworkName,
    readonly version: number,
    readonly waitSeconds: number,
  ) {
    super();
  }
}

export class AwaitHeld extends Query<AppliedDto> {
  constructor(
    readonly network: NetworkName,
    readonly version: number,
    readonly waitSeconds: number,
  ) {
    super();
  }
}
