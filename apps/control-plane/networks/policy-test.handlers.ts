import { randomBytes } from 'node:crypto';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { PolicyTestPageDto, PolicyTestWriteDto } from '#libs/contracts/http/policy-tests.js';
import { parsePolicyTestId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { holds, printPolicyTest } from '#libs/domain/network/policy-tests.js';
import { pageOf } from '../http/paging.js';
import { AddPolicyTest, RemovePolicyTest } from './commands.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';
import { ListPolicyTests } from './queries.js';

@CommandHandler(AddPolicyTest)
export class AddPolicyTestHandler implements ICommandHandler<AddPolicyTest> {
  constructor(private readonly writes: NetworkWrites) {}

  async execute({ network, body, write }: AddPolicyTest): Promise<PolicyTestWriteDto> {
    const { to, port, effect } = body;
    const from = parseSelector(body.from, 'from');
    return this.writes.run({
      write,
      network,
      asked: ['AddPolicyTest', body],
      command: () => {
        const testId = parsePolicyTestId(`test-${randomBytes(8).toString('hex')}`, 'testId');
        return { kind: 'AddPolicyTest', testId, from, to, port, effect };
      },
      describe: (told) => told,
    });
  }
}

@CommandHandler(RemovePolicyTest)
export class RemovePolicyTestHandler implements ICommandHandler<RemovePolicyTest> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, testId, write }: RemovePolicyTest): Promise<PolicyTestWriteDto> {
    return this.writes.run({
      write,
      network,
      asked: ['RemovePolicyTest', testId],
      command: () => ({ kind: 'RemovePolicyTest', testId }),
      describe: (told) => told,
    });
  }
}

@QueryHandler(ListPolicyTests)
export class ListPolicyTestsHandler implements IQueryHandler<ListPolicyTests> {
  constructor(private readonly views: NetworkViews) {}

  async execute({ network, filter }: ListPolicyTests): Promise<PolicyTestPageDto> {
    const { topology } = this.views.find(network);
    const page = pageOf([...topology.policyTests.values()], ({ id }) => id, filter);
    const items = page.items.map((test) => ({
      ...printPolicyTest(test),
      ...{ holds: holds(topology, test), since: test.since },
    }));
    return { items, nextCursor: page.nextCursor };
  }
}
