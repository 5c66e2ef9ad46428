import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { AttachDto, AttachmentWriteDto, DetachmentDto } from '#libs/contracts/http/attachments.js';
import type { NetworkCommandOf } from '#libs/domain/network/commands.js';
import { SandboxNotAttachedError } from '#libs/domain/network/refusals.js';
import { agentReceiver } from '../delivery/receiver.js';
import { TopologyPublisher } from '../delivery/topology-publisher.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';
import { AttachSandbox, DetachSandbox, ReattachSandbox } from './commands.js';
import { sandboxNamed } from './meant-sandbox.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';

type Publication = NetworkCommandOf<'AttachSandbox'>['publication'];

function publicationOf({ alias, ports }: AttachDto): Publication {
  if (alias === undefined && ports === undefined) return null;
  if (alias !== undefined && ports !== undefined) return { alias, ports };
  throw new InvalidInputError(
    alias === undefined ? 'alias' : 'ports',
    undefined,
    'alias and ports together, or neither',
    'ALIAS_AND_PORTS_TOGETHER',
  );
}

@CommandHandler(AttachSandbox)
export class AttachSandboxHandler implements ICommandHandler<AttachSandbox> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly states: StreamStates,
    private readonly directory: Directory,
    private readonly views: NetworkViews,
  ) {}

  async execute({ network, body, write }: AttachSandbox): Promise<AttachmentWriteDto> {
    const { sandboxId, inheritRules = false, replacePorts = false } = body;
    const publication = publicationOf(body);
    return this.writes.run({
      write,
      network,
      asked: ['AttachSandbox', body],
      command: async () => {
        const { state: sandbox } = await this.states.sandbox(sandboxId);
        const meantSandbox = sandboxNamed(body.alias, this.directory);
        return { kind: 'AttachSandbox', sandboxId, sandbox, publication, meantSandbox, inheritRules, replacePorts };
      },
      describe: (_, after) => this.views.attachment(after, sandboxId),
    });
  }
}

@CommandHandler(DetachSandbox)
export class DetachSandboxHandler implements ICommandHandler<DetachSandbox> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, sandboxId, write }: DetachSandbox): Promise<DetachmentDto> {
    return this.writes.run({
      write,
      network,
      asked: ['DetachSandbox', sandboxId],
      command: () => ({ kind: 'DetachSandbox', sandboxId }),
      describe: (told) => told,
    });
  }
}

@CommandHandler(ReattachSandbox)
export class ReattachSandboxHandler implements ICommandHandler<ReattachSandbox> {
  constructor(
    private readonly views: NetworkViews,
    private readonly publisher: TopologyPublisher,
  ) {}

  async execute({ network, sandboxId }: ReattachSandbox): Promise<AttachmentWriteDto> {
    const { topology } = this.views.find(network);
    const attached = topology.sandboxes.get(sandboxId);
    if (attached === undefined) throw new SandboxNotAttachedError(topology, sandboxId);
    if (attached.agentId !== null) this.publisher.offer(topology.networkId, agentReceiver(attached.agentId));
    const warnings =
      attached.agentId === null
        ? [{ code: 'SANDBOX_UNPLACED', message: `no agent holds ${sandboxId} now, so nothing could be sent` }]
        : [];
    const result = this.views.attachment(topology, sandboxId);
    const { version } = topology;
    return { network, version, changed: false, unchangedSince: attached.attachedSince, result, warnings };
  }
}
