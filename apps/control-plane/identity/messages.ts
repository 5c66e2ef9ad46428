import { Command } from '@nestjs/cqrs';

/** The token is deleted: whoever joined with it is out. */
export class EndLocalNodesOfToken extends Command<void> {
  constructor(readonly tokenId: string) {
    super();
  }
}
