import { Command } from '@nestjs/cqrs';

/** The token was deleted, so local nodes that joined with it end. */
export class EndLocalNodesOfToken extends Command<void> {
  constructor(readonly tokenId: string) {
    super();
  }
}
